import { WaitQueueHead } from '../fs/index.js';
import type { Sock, SockWaker } from '../proto/index.js';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from '../uapi/index.js';
import type { FileOps } from './file.js';

const READ_KEY = POLLIN | POLLRDNORM | POLLPRI;
const WRITE_KEY = POLLOUT | POLLWRNORM;
const EVERY_KEY = READ_KEY | WRITE_KEY | POLLERR | POLLHUP | POLLNVAL;

/** A socket as a file: the sock's events wake whoever sleeps in a call or in `poll` (`struct socket` and `sock_def_readable`). */
export class SocketFile implements FileOps, SockWaker {
  readonly sock: Sock;
  readonly wait: WaitQueueHead = new WaitQueueHead();

  constructor(sock: Sock) {
    this.sock = sock;
    sock.waker = this;
  }

  poll(): number {
    return this.sock.poll();
  }

  release(): void {
    this.sock.waker = null;
    this.sock.release();
    this.wait.wake_up(0, EVERY_KEY);
  }

  sk_data_ready(): void {
    this.wait.wake_up(1, READ_KEY);
  }

  sk_write_space(): void {
    this.wait.wake_up(1, WRITE_KEY);
  }

  sk_error_report(): void {
    this.wait.wake_up(0, EVERY_KEY);
  }
}
