import { MSG_DONTWAIT, O_NONBLOCK, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../uapi/index.js';
import type { Kernel } from './kernel.js';
import type { BlockingCall, Thread } from './thread.js';

/** Events that end a wait for input or for room; errors and hang-ups always do. */
const READABLE = POLLIN | POLLRDNORM | POLLERR | POLLHUP;
const WRITABLE = POLLOUT | POLLWRNORM | POLLERR | POLLHUP;

function fdMayBlock(_kernel: Kernel, thread: Thread): boolean {
  const { fd, flags } = thread.frame;
  const file = thread.proc.fds.get(fd);
  return file !== null && (file.flags & O_NONBLOCK) === 0 && (flags & MSG_DONTWAIT) === 0;
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
    f.meta.addrlen = kernel.addrlen;
    f.meta.flags = kernel.msg_flags;
  }
  return n;
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
  mayBlock: fdMayBlock,
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
