/** System calls: a synchronous core ({@link Kernel}) in bytes and `-errno`, and an awaitable layer ({@link Sys}) for programs. */
export { CallLog, type LogEntry } from './call-log.js';
export { SyscallLayerError } from './errors.js';
export { FdTable, NR_OPEN_DEFAULT } from './fd-table.js';
export { type FileOps, OpenFile } from './file.js';
export { Kernel, NR } from './kernel.js';
export { type Op, OpListProgram, type OpResult } from './oplist.js';
export type { PollFd } from './poll.js';
export { type AsyncProgram, Process, type Program, type SpawnOptions } from './process.js';
export { ProcessExit } from './process-exit.js';
export { SocketFile } from './socket-file.js';
export { type Received, Sys } from './sys.js';
export { SysError } from './sys-error.js';
export { type BlockingCall, CallFrame, type CallMeta, Thread } from './thread.js';
