/** Told by a socket that its state changed; set by the file layer. One waker per socket (`sk_data_ready` and its kin of `struct sock`). */
export interface SockWaker {
  /** Something can be received. */
  sk_data_ready(): void;
  /** Room for sending came back. */
  sk_write_space(): void;
  /** An error is pending, or the socket was shut down. */
  sk_error_report(): void;
}

/**
 * One message of `sendmsg` and `recvmsg` (`struct msghdr` with one buffer). The caller owns it and uses it again: a call makes no garbage.
 */
export class Msghdr {
  /** User memory: bytes to send or room to receive, `len` bytes from `off` on. */
  buf: Uint8Array = new Uint8Array(0);
  off: number = 0;
  len: number = 0;
  /** `struct sockaddr` bytes: destination of `sendmsg`, sender after `recvmsg` (which needs room for the longest of its family). */
  name: Uint8Array = new Uint8Array(128);
  /** Bytes used of `name`; 0 = no address given. */
  namelen: number = 0;
  /** `MSG_*` flags of the call. */
  flags: number = 0;
  /** `MSG_*` flags of the answer (`MSG_TRUNC`). */
  msg_flags: number = 0;
  /** Journey id of the packet that `recvmsg` delivered. */
  journey: number = 0;
}

/**
 * A socket as the system calls see it (`struct proto_ops`). Every call returns at once with a value or `-errno`: `-EAGAIN` where Linux
 * would sleep. Addresses and option values are the bytes of the C structures.
 */
export interface Sock {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  waker: SockWaker | null;
  /** bind(2): `len` bytes of `struct sockaddr` in `name`. */
  bind(name: Uint8Array, len: number): number;
  /** connect(2); `AF_UNSPEC` dissolves the association. */
  connect(name: Uint8Array, len: number): number;
  /** sendmsg(2): bytes sent. */
  sendmsg(msg: Msghdr): number;
  /** recvmsg(2): bytes received (the whole length with `MSG_TRUNC`); 0 also after `shutdown(SHUT_RD)` of an empty socket. */
  recvmsg(msg: Msghdr): number;
  /** getsockname(2), getpeername(2): writes `struct sockaddr` (28 bytes at most) into `out`, returns its length. */
  getname(peer: boolean, out: Uint8Array): number;
  /** setsockopt(2): 0 or `-errno`. */
  setsockopt(level: number, name: number, val: Uint8Array): number;
  /** getsockopt(2): bytes written into `out`, or `-errno`. */
  getsockopt(level: number, name: number, out: Uint8Array): number;
  /** shutdown(2) with `SHUT_*`. */
  shutdown(how: number): number;
  /** Ready events, `POLL*` bits. */
  poll(): number;
  /** close(2): frees what is queued and the port. */
  release(): void;
}
