import type { Process } from './process.js';

/** Thrown by `sys.exit` to leave the program; also the rejection of calls made after the end. */
export class ProcessExit extends Error {
  readonly process: Process;
  readonly status: number;
  readonly code: string = 'ERR_SOFTIRQ_PROCESS_EXIT';

  constructor(process: Process, status: number) {
    super(`process ${process.pid} (${process.name}) has exited with status ${status}`);
    this.name = 'ProcessExit';
    this.process = process;
    this.status = status;
  }
}
