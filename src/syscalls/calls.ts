import {
  AF_INET,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  O_NONBLOCK,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  writeSockaddrIn,
  writeSockaddrIn6,
} from '../uapi/index.js';
import type { Kernel } from './kernel.js';
import { SocketFile } from './socket-file.js';
import type { BlockingCall, Thread } from './thread.js';

/** Events that end a wait for input or for room; errors and hang-ups always do. */
const READABLE = POLLIN | POLLRDNORM | POLLERR | POLLHUP;
const WRITABLE = POLLOUT | POLLWRNORM | POLLERR | POLLHUP;

function fdMayBlock(_kernel: Kernel, thread: Thread): boolean {
  const { fd, flags } = thread.frame;
  const file = thread.proc.fds.get(fd);
  return file !== null && (file.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
}

/** An empty error queue is -EAGAIN at once, on a blocking socket too. */
function recvMayBlock(kernel: Kernel, thread: Thread): boolean {
  return (thread.frame.flags & MSG_ERRQUEUE) === 0 && fdMayBlock(kernel, thread);
}

function parkReadable(kernel: Kernel, thread: Thread): void {
  kernel.sleepOn(thread, thread.frame.fd, READABLE);
}

function parkWritable(kernel: Kernel, thread: Thread): void {
  kernel.sleepOn(thread, thread.frame.fd, WRITABLE);
}

function attemptRecvfrom(kernel: Kernel, thread: Thread): number {
  const f = thread.frame;
  const n = kernel.recvfrom(thread.proc, f.fd, f.buf, f.off, f.len, f.flags, f.addr);
  if (f.meta !== null) {
    f.meta.addrlen = n === 0 && kernel.addrlen === 0 ? nobody(thread) : kernel.addrlen;
    f.meta.flags = kernel.msg_flags;
  }
  return n;
}

/** The end after shutdown(2) has no sender: the unspecified address of the socket's family, port 0. Returns its length. */
function nobody({ proc, frame }: Thread): number {
  const ops = proc.fds.get(frame.fd)?.ops;
  if (frame.addr === null || !(ops instanceof SocketFile)) return 0;
  if (ops.sock.family === AF_INET) return writeSockaddrIn(frame.addr, 0, 0, 0);
  return writeSockaddrIn6(frame.addr, 0, new Uint8Array(16), 0, 0, 0, 0);
}

function attemptSendto(kernel: Kernel, thread: Thread): number {
  const f = thread.frame;
  // MSG_DONTWAIT for the core: it never sleeps; whether the caller does is decided by fdMayBlock.
  return kernel.sendto(thread.proc, f.fd, f.buf, f.off, f.len, f.flags, f.addr, f.addrlen);
}

function attemptConnect(kernel: Kernel, thread: Thread): number {
  const f = thread.frame;
  return kernel.connect(thread.proc, f.fd, f.addr as Uint8Array, f.addrlen);
}

function attemptClose(kernel: Kernel, thread: Thread): number {
  return kernel.close(thread.proc, thread.frame.fd);
}

function attemptSleep(kernel: Kernel, thread: Thread): number {
  return kernel.nanosleep(thread.frame.deadline);
}

function parkTimer(_kernel: Kernel, thread: Thread): void {
  thread.armTimeout();
}

function always(): boolean {
  return true;
}

export const recvfromCall: BlockingCall = {
  name: 'recvfrom',
  attempt: attemptRecvfrom,
  mayBlock: recvMayBlock,
  park: parkReadable,
};

export const sendtoCall: BlockingCall = {
  name: 'sendto',
  attempt: attemptSendto,
  mayBlock: fdMayBlock,
  park: parkWritable,
};

export const connectCall: BlockingCall = {
  name: 'connect',
  attempt: attemptConnect,
  mayBlock: fdMayBlock,
  park: parkWritable,
};

export const closeCall: BlockingCall = {
  name: 'close',
  attempt: attemptClose,
  mayBlock: fdMayBlock,
  park: parkWritable,
};

export const nanosleepCall: BlockingCall = {
  name: 'nanosleep',
  attempt: attemptSleep,
  mayBlock: always,
  park: parkTimer,
};
