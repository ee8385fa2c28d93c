import { WaitQueueEntry } from '../fs/index.js';
import { EAGAIN, EFAULT, EINVAL, POLLERR, POLLHUP, POLLNVAL } from '../uapi/index.js';
import { NR_OPEN_DEFAULT } from './fd-table.js';
import { type Kernel, NR } from './kernel.js';
import type { BlockingCall, Thread } from './thread.js';

/** `struct pollfd`: `events` asked for, `revents` what is ready (`POLLERR`, `POLLHUP`, `POLLNVAL` are always reported). */
export interface PollFd {
  fd: number;
  events: number;
  revents?: number;
}

const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** One pass over the descriptors: how many have something to report (fs/select.c `do_poll`); negative descriptors are passed over. */
export function pollOnce(kernel: Kernel, thread: Thread, fds: PollFd[]): number {
  let ready = 0;
  for (const p of fds) {
    p.revents = 0;
    if (p.fd < 0) continue;
    const mask = kernel.pollEvents(thread.proc, p.fd);
    p.revents = mask < 0 ? POLLNVAL : mask & (p.events | ALWAYS);
    if (p.revents !== 0) ready++;
  }
  return ready;
}

function attemptPoll(kernel: Kernel, thread: Thread): number {
  const { fds, deadline } = thread.frame;
  kernel.enter(thread.proc, NR.poll, -1);
  thread.leavePollQueues();
  if (fds.length > NR_OPEN_DEFAULT) return -EINVAL;
  for (const p of fds) if (!Number.isInteger(p.fd) || !Number.isInteger(p.events)) return -EFAULT;
  const ready = pollOnce(kernel, thread, fds);
  if (ready > 0) return ready;
  return deadline >= 0 && kernel.sim.now >= deadline ? 0 : -EAGAIN;
}

function parkPoll(_kernel: Kernel, thread: Thread): void {
  const { fds, deadline } = thread.frame;
  let used = 0;
  for (const p of fds) {
    const file = p.fd < 0 ? null : thread.proc.fds.get(p.fd);
    if (file === null) continue;
    const entries = thread.pollEntries;
    const entry = entries[used] ?? new WaitQueueEntry(thread, false);
    entries[used++] = entry;
    entry.events = p.events | ALWAYS;
    file.ops.wait.prepare_to_wait(entry);
  }
  if (deadline >= 0) thread.armTimeout();
}

function mayPollBlock(): boolean {
  return true;
}

export const pollCall: BlockingCall = { name: 'poll', attempt: attemptPoll, mayBlock: mayPollBlock, park: parkPoll };
