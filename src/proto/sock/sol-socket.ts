import { dev_get_by_index, dev_get_by_name } from '../../skbuff/index.js';
import {
  EINVAL,
  ENODEV,
  ENOPROTOOPT,
  EPERM,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_NO_CHECK,
  SO_OOBINLINE,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDLOWAT,
  SO_TYPE,
} from '../../uapi/index.js';
import { SOCK_MIN_RCVBUF, SOCK_MIN_SNDBUF, type SockBase } from './base.js';
import { optval_int, put_int } from './optval.js';

/** Greatest value a doubled buffer size starts from. */
const INT_HALF = 0x3fffffff;

/**
 * `sock_setsockopt`: SOL_SOCKET options of a socket. What this library does not model (time stamps, timeouts, filters, SO_REUSEPORT, ...) is
 * refused with -ENOPROTOOPT.
 */
export function sock_setsockopt(sk: SockBase, name: number, val: Uint8Array): number {
  if (name === SO_BINDTODEVICE) return bind_to_device(sk, val);
  if (val.length < 4) return -EINVAL;
  const v = optval_int(val);
  const { sysctl } = sk.net;
  switch (name) {
    case SO_REUSEADDR:
      sk.reuse = v !== 0;
      return 0;
    case SO_BROADCAST:
      sk.broadcast = v !== 0;
      return 0;
    case SO_KEEPALIVE:
      sk.keepalive = v !== 0;
      return 0;
    case SO_OOBINLINE:
      sk.oobinline = v !== 0;
      return 0;
    case SO_NO_CHECK:
      sk.no_check_tx = v !== 0;
      return 0;
    case SO_MARK:
      sk.mark = v;
      return 0;
    case SO_SNDBUF:
      return set_sndbuf(sk, Math.min(v >>> 0, sysctl.wmem_max));
    case SO_RCVBUF:
      return set_rcvbuf(sk, Math.min(v >>> 0, sysctl.rmem_max));
    case SO_SNDBUFFORCE:
      return set_sndbuf(sk, Math.max(0, v));
    case SO_RCVBUFFORCE:
      return set_rcvbuf(sk, Math.max(0, v));
    default:
      return set_other(sk, name, v, val);
  }
}

function set_other(sk: SockBase, name: number, v: number, val: Uint8Array): number {
  switch (name) {
    case SO_PRIORITY:
      if (v < 0) return -EPERM;
      sk.priority = v;
      return 0;
    case SO_RCVLOWAT:
      sk.rcvlowat = v < 0 ? 0x7fffffff : v === 0 ? 1 : v;
      return 0;
    case SO_LINGER:
      if (val.length < 8) return -EINVAL;
      sk.linger_onoff = v !== 0 ? 1 : 0;
      if (v !== 0) sk.linger_time = optval_int(val.subarray(4));
      return 0;
    case SO_BINDTOIFINDEX:
      if (v < 0) return -EINVAL;
      sk.bound_dev_if = v;
      return 0;
    default:
      // SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ERROR and SO_ACCEPTCONN are read only: the same answer.
      return -ENOPROTOOPT;
  }
}

function set_sndbuf(sk: SockBase, value: number): number {
  sk.wmem.sndbuf = Math.max(Math.min(value, INT_HALF) * 2, SOCK_MIN_SNDBUF);
  const waker = sk.waker;
  if (waker !== null) waker.sk_write_space();
  return 0;
}

function set_rcvbuf(sk: SockBase, value: number): number {
  sk.rmem.rcvbuf = Math.max(Math.min(value, INT_HALF) * 2, SOCK_MIN_RCVBUF);
  return 0;
}

/** `sock_setbindtodevice`: the value is a device name; an empty one takes the binding away. */
function bind_to_device(sk: SockBase, val: Uint8Array): number {
  let name = '';
  for (let i = 0; i < val.length && i < 15 && val[i] !== 0; i++) name += String.fromCharCode(val[i]);
  if (name === '') {
    sk.bound_dev_if = 0;
    return 0;
  }
  const dev = dev_get_by_name(sk.net, name);
  if (dev === null) return -ENODEV;
  sk.bound_dev_if = dev.ifindex;
  return 0;
}

/** `sock_getsockopt`: bytes written, or -ENOPROTOOPT. */
export function sock_getsockopt(sk: SockBase, name: number, out: Uint8Array): number {
  if (name === SO_LINGER) return get_linger(sk, out);
  if (name === SO_BINDTODEVICE) return get_bound_device(sk, out);
  const v = get_int(sk, name);
  return v === null ? -ENOPROTOOPT : put_int(out, v);
}

function get_int(sk: SockBase, name: number): number | null {
  switch (name) {
    case SO_REUSEADDR:
      return Number(sk.reuse);
    case SO_BROADCAST:
      return Number(sk.broadcast);
    case SO_KEEPALIVE:
      return Number(sk.keepalive);
    case SO_OOBINLINE:
      return Number(sk.oobinline);
    case SO_NO_CHECK:
      return Number(sk.no_check_tx);
    case SO_MARK:
      return sk.mark;
    case SO_PRIORITY:
      return sk.priority;
    case SO_RCVLOWAT:
      return sk.rcvlowat;
    case SO_SNDLOWAT:
      return 1;
    case SO_SNDBUF:
      return sk.wmem.sndbuf;
    case SO_RCVBUF:
      return sk.rmem.rcvbuf;
    case SO_BINDTOIFINDEX:
      return sk.bound_dev_if;
    case SO_TYPE:
      return sk.type;
    case SO_DOMAIN:
      return sk.family;
    case SO_PROTOCOL:
      return sk.protocol;
    case SO_ACCEPTCONN:
      return 0;
    case SO_ERROR:
      return read_error(sk);
    default:
      return null;
  }
}

/** SO_ERROR: the pending error, else the soft one; both are forgotten. */
function read_error(sk: SockBase): number {
  const err = -sk.sock_error();
  if (err !== 0) return err;
  const soft = sk.sk_err_soft;
  sk.sk_err_soft = 0;
  return soft;
}

function get_linger(sk: SockBase, out: Uint8Array): number {
  const n = put_int(out, sk.linger_onoff);
  return n < 4 ? n : 4 + put_int(out.subarray(4), sk.linger_time);
}

function get_bound_device(sk: SockBase, out: Uint8Array): number {
  if (sk.bound_dev_if === 0) return 0;
  if (out.length < 16) return -EINVAL;
  const dev = dev_get_by_index(sk.net, sk.bound_dev_if);
  if (dev === null) return -ENODEV;
  for (let i = 0; i < dev.name.length; i++) out[i] = dev.name.charCodeAt(i);
  out[dev.name.length] = 0;
  return dev.name.length + 1;
}
