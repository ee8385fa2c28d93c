import {
  AF_INET6,
  EINVAL,
  ENOTCONN,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
  writeSockaddrIn,
  writeSockaddrIn6,
} from '../../uapi/index.js';
import { in6_is_any, in6_is_linklocal, in6_to_bytes } from '../core/index.js';
import { type Msghdr, RCV_SHUTDOWN, SHUTDOWN_MASK, type Sock } from '../sock/index.js';
import { inet_autobind, inet_bind, inet6_bind } from './bind.js';
import { udp_connect } from './connect.js';
import { udp_getsockopt, udp_setsockopt } from './options.js';
import { udp_first_good, udp_recvmsg } from './recv.js';
import { udp_sendmsg } from './send4.js';
import { udpv6_sendmsg } from './send6.js';
import { UdpSockState } from './sock-state.js';
import type { Udp } from './state.js';
import { udp_unhash } from './table.js';

/** A UDP socket of either family. */
export class UdpSock extends UdpSockState implements Sock {
  readonly udp: Udp;

  constructor(udp: Udp, family: number) {
    super(udp.net, family);
    this.udp = udp;
  }

  bind(name: Uint8Array, len: number): number {
    return this.family === AF_INET6 ? inet6_bind(this.udp, this, name, len) : inet_bind(this.udp, this, name, len);
  }

  connect(name: Uint8Array, len: number): number {
    return udp_connect(this.udp, this, name, len);
  }

  sendmsg(msg: Msghdr): number {
    if (this.num === 0) {
      const err = inet_autobind(this.udp, this);
      if (err !== 0) return err;
    }
    return this.family === AF_INET6 ? udpv6_sendmsg(this.udp, this, msg) : udp_sendmsg(this.udp, this, msg);
  }

  recvmsg(msg: Msghdr): number {
    return udp_recvmsg(this.udp, this, msg);
  }

  /** `inet_getname`, `inet6_getname` */
  getname(peer: boolean, out: Uint8Array): number {
    if (peer && (!this.connected || this.dport === 0)) return -ENOTCONN;
    const port = peer ? this.dport : this.num;
    if (this.family !== AF_INET6) {
      const addr = peer ? this.daddr4 : this.rcv_saddr4 !== 0 ? this.rcv_saddr4 : this.saddr4;
      return writeSockaddrIn(out, 0, addr, port);
    }
    const addr = peer ? this.daddr6 : in6_is_any(this.rcv_saddr6) ? this.saddr6 : this.rcv_saddr6;
    in6_to_bytes(addr, this.udp.scratch, 0);
    return writeSockaddrIn6(out, 0, this.udp.scratch, 0, port, 0, in6_is_linklocal(addr) ? this.bound_dev_if : 0);
  }

  setsockopt(level: number, name: number, val: Uint8Array): number {
    return udp_setsockopt(this, level, name, val);
  }

  getsockopt(level: number, name: number, out: Uint8Array): number {
    return udp_getsockopt(this, level, name, out);
  }

  /** `inet_shutdown`: on an unconnected socket -ENOTCONN, yet it takes effect. */
  shutdown(how: number): number {
    const bits = how + 1;
    if ((bits & ~SHUTDOWN_MASK) !== 0 || bits === 0) return -EINVAL;
    this.sk_shutdown |= bits;
    if (this.waker !== null) this.waker.sk_error_report();
    return this.connected ? 0 : -ENOTCONN;
  }

  /** `udp_poll`: a datagram with a bad checksum does not count. */
  poll(): number {
    let mask = this.sk_err !== 0 ? POLLERR : 0;
    if ((this.sk_shutdown & RCV_SHUTDOWN) !== 0) mask |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (this.sk_shutdown === SHUTDOWN_MASK) mask |= POLLHUP;
    if (udp_first_good(this.udp, this) !== null) mask |= POLLIN | POLLRDNORM;
    if (this.wmem.wmem_alloc < this.wmem.sndbuf >> 1) mask |= POLLOUT | POLLWRNORM | POLLWRBAND;
    else this.wmem.nospace = true;
    return mask;
  }

  release(): void {
    udp_unhash(this.udp.table, this);
    this.purge();
    this.waker = null;
  }
}
