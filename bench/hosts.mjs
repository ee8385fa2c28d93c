// What a machine costs: two hosts and a wire, link up and addresses usable (aim: at most 2 ms of CPU, warm, and 2 MiB).
import { fileURLToPath } from 'node:url';
import { createNetwork } from '../dist/index.js';
import { cpuNs, inChild, median, serveCase } from './measure.mjs';

async function pair() {
  const net = createNetwork({ seed: 1 });
  const a = net.host('a', { addresses: ['10.0.0.1/24'] });
  const b = net.host('b', { addresses: ['10.0.0.2/24'] });
  net.wire(a, b);
  // Link up: the interrupts that tell the drivers have been taken when nothing is left to happen.
  await net.run();
  if (!a.nic.dev.carrier || !b.nic.dev.carrier) throw new Error('no carrier');
  return net;
}

export const cases = {
  cpu: async () => {
    const warm = 200;
    for (let i = 0; i < warm; i++) await pair();
    const times = [];
    for (let i = 0; i < 20; i++) {
      const start = cpuNs();
      for (let k = 0; k < 10; k++) await pair();
      times.push((cpuNs() - start) / 10);
    }
    return { cpu: median(times) };
  },
  memory: async () => {
    for (let i = 0; i < 50; i++) await pair();
    global.gc();
    const kept = [];
    const before = process.memoryUsage();
    const count = 50;
    for (let i = 0; i < count; i++) kept.push(await pair());
    global.gc();
    const after = process.memoryUsage();
    if (kept.length !== count) throw new Error('lost');
    return {
      heap: (after.heapUsed - before.heapUsed) / count,
      buffers: (after.arrayBuffers - before.arrayBuffers) / count,
    };
  },
};

export async function report(print) {
  const self = new URL(import.meta.url);
  const { cpu } = await inChild(self, 'cpu');
  const { heap, buffers } = await inChild(self, 'memory', ['--expose-gc']);
  const mib = (x) => (x / 2 ** 20).toFixed(2);
  print('two hosts and a wire, link up and addresses usable (aim: at most 2 ms CPU, warm, and 2 MiB)');
  print(`${(cpu / 1e6).toFixed(2)} ms CPU, ${mib(heap + buffers)} MiB (${mib(heap)} heap, ${mib(buffers)} buffers)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !(await serveCase(cases)))
  await report((line) => console.log(line));
