import {
  type Net,
  SKB_DROP_REASON_QUEUE_PURGE,
  type SkBuff,
  SkBuffHead,
  type SkOwner,
  skb_queue_purge_reason,
} from '../../skbuff/index.js';
import type { SockWaker } from './types.js';

/** Least values of SO_RCVBUF and SO_SNDBUF after doubling (`SOCK_MIN_RCVBUF`, `SOCK_MIN_SNDBUF`). */
export const SOCK_MIN_RCVBUF = 2304;
export const SOCK_MIN_SNDBUF = 4608;

/** Bits of `sk_shutdown`. */
export const RCV_SHUTDOWN = 1;
export const SEND_SHUTDOWN = 2;
export const SHUTDOWN_MASK = 3;

/** Memory of received packets that wait in a socket (`sk_rmem_alloc`). */
export class SockRmem implements SkOwner {
  /** Sum of truesize. */
  rmem_alloc: number = 0;
  rcvbuf: number;

  constructor(rcvbuf: number) {
    this.rcvbuf = rcvbuf;
  }

  skb_destructor(skb: SkBuff): void {
    this.rmem_alloc -= skb.truesize;
  }
}

/** Memory of packets a socket sent that are still on their way through this host (`sk_wmem_alloc`). */
export class SockWmem implements SkOwner {
  /** Sum of truesize. */
  wmem_alloc: number = 0;
  sndbuf: number;
  /** Somebody was told that there is no room (`SOCK_NOSPACE`). */
  nospace: boolean = false;
  readonly sk: SockBase;

  constructor(sk: SockBase, sndbuf: number) {
    this.sk = sk;
    this.sndbuf = sndbuf;
  }

  /** `sock_wfree` and `sock_def_write_space`: tells the waker once half of the buffer is free. */
  skb_destructor(skb: SkBuff): void {
    this.wmem_alloc -= skb.truesize;
    if (!this.nospace || this.wmem_alloc * 2 > this.sndbuf) return;
    this.nospace = false;
    const waker = this.sk.waker;
    if (waker !== null) waker.sk_write_space();
  }
}

/** What all sockets have (`struct sock`, SOL_SOCKET part). */
export class SockBase {
  readonly net: Net;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  waker: SockWaker | null = null;
  readonly receive_queue: SkBuffHead = new SkBuffHead();
  readonly rmem: SockRmem;
  readonly wmem: SockWmem;
  /** Pending error (positive errno), reported once; and the last soft one. */
  sk_err: number = 0;
  sk_err_soft: number = 0;
  sk_shutdown: number = 0;
  /** Packets refused for lack of room. */
  sk_drops: number = 0;
  bound_dev_if: number = 0;
  priority: number = 0;
  mark: number = 0;
  rcvlowat: number = 1;
  reuse: boolean = false;
  broadcast: boolean = false;
  keepalive: boolean = false;
  oobinline: boolean = false;
  no_check_tx: boolean = false;
  /** struct linger. */
  linger_onoff: number = 0;
  linger_time: number = 0;

  constructor(net: Net, family: number, type: number, protocol: number) {
    this.net = net;
    this.family = family;
    this.type = type;
    this.protocol = protocol;
    this.rmem = new SockRmem(net.sysctl.rmem_default);
    this.wmem = new SockWmem(this, net.sysctl.wmem_default);
  }

  /** `sock_error`: the pending error as a negative number, which it forgets; or 0. */
  sock_error(): number {
    const err = this.sk_err;
    this.sk_err = 0;
    return -err | 0;
  }

  /** Reports an error to the next call and wakes whoever waits. */
  sk_error(errno: number): void {
    this.sk_err = errno;
    if (this.waker !== null) this.waker.sk_error_report();
  }

  /** Drops what waits in the receive queue. */
  purge(): void {
    skb_queue_purge_reason(this.receive_queue, SKB_DROP_REASON_QUEUE_PURGE);
  }
}
