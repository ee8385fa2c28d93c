import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Answer, Call, Sysctls } from './socket-calls.js';

interface Hello {
  /** It runs in a network namespace of its own. */
  alone: boolean;
  release: string;
  sysctls: Sysctls;
}

/** The machine's own kernel behind a small Python program: a sequence of calls in, their answers out. */
export class RealKernel {
  readonly hello: Promise<Hello>;
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: Interface;
  private readonly waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];

  constructor() {
    const script = fileURLToPath(new URL('kernel.py', import.meta.url));
    this.child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface(this.child.stdout);
    this.lines.on('line', (line) => this.waiting.shift()?.resolve(line));
    const ended = (why: string): void => {
      for (const w of this.waiting.splice(0)) w.reject(new Error(why));
    };
    this.child.on('error', (error) => ended(`python3: ${error.message}`));
    this.child.on('exit', (code) => ended(`python3 ended with status ${code}`));
    this.hello = this.line().then((line) => JSON.parse(line) as Hello);
  }

  private line(): Promise<string> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Makes the calls; the sockets are closed afterwards. */
  async answers(calls: readonly Call[]): Promise<Answer[]> {
    await this.hello;
    const line = this.line();
    this.child.stdin.write(`${JSON.stringify(calls)}\n`);
    return JSON.parse(await line) as Answer[];
  }

  close(): void {
    this.child.stdin.end();
    this.lines.close();
  }
}
