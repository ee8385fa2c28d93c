// How the benches measure: CPU time of the whole process (user and system, with compiler and collector threads), and garbage as bytes of
// young-generation allocation per item. Every case runs in a process of its own, so that no case spoils the compiled code of another.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

/** CPU nanoseconds this process has used. */
export function cpuNs() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** A fixed piece of arithmetic: how fast this machine is just now (ns of CPU per round). */
export function calibrate() {
  const words = new Uint32Array(4096).map((_, i) => Math.imul(i, 0x9e3779b1));
  const rounds = 4000;
  let sum = 0;
  const start = cpuNs();
  for (let r = 0; r < rounds; r++)
    for (let i = 0; i < words.length; i++) sum = (Math.imul(sum ^ words[i], 0x85ebca77) + r) | 0;
  const ns = (cpuNs() - start) / rounds;
  if (sum === 42) console.log(sum);
  return ns;
}

/** Bytes allocated on the heap so far: exact while no collection runs in between, so measure with a large young generation. */
export function heapBytes() {
  return v8.getHeapStatistics().used_heap_size;
}

/** Median of numbers. */
export function median(list) {
  const sorted = [...list].sort((x, y) => x - y);
  return sorted[sorted.length >> 1];
}

/** Runs `cases[name]` of a module in a child process and resolves with what it returns. */
export function inChild(module, name, execArgv = []) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(module), ['--case', name], {
      execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let result;
    child.on('message', (message) => {
      result = message;
    });
    child.on('exit', (code) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`case ${name} ended with status ${code}`));
    });
  });
}

/** In the child: runs the named case and sends its result home. True when this process is such a child. */
export async function serveCase(cases) {
  const at = process.argv.indexOf('--case');
  if (at < 0) return false;
  const result = await cases[process.argv[at + 1]]();
  process.send(result, () => process.disconnect());
  return true;
}
