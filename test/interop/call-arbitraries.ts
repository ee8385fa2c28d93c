import fc from 'fast-check';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  encodeSockaddr,
  IP_FREEBIND,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_TTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_DONTFRAG,
  IPV6_FREEBIND,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_NO_CHECK,
  SO_OOBINLINE,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDLOWAT,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  UDP_NO_CHECK6_RX,
  UDP_NO_CHECK6_TX,
} from '../../src/uapi/index.js';
import type { AddrSpec, Call, PortSpec } from './socket-calls.js';

/** Ports below the ephemeral range: equal on both sides. */
export const PORTS = [7000, 7001, 7002] as const;
const SLOTS = 3;

/** A `struct sockaddr` for an address in text. */
export function addr(address: string, port: PortSpec, length?: number, family?: number): AddrSpec {
  const raw = new Uint8Array(128);
  const natural = encodeSockaddr({ address, port: 0 }, raw);
  if (family !== undefined) raw[0] = family;
  return { bytes: Buffer.from(raw.subarray(0, natural)).toString('hex'), port, length: length ?? natural };
}

const slot: fc.Arbitrary<number> = fc.nat(SLOTS - 1);
const port: fc.Arbitrary<PortSpec> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<PortSpec>(...PORTS) },
  { weight: 4, arbitrary: slot.map((of): PortSpec => ({ of })) },
  { weight: 1, arbitrary: fc.constant<PortSpec>(0) },
);
const V4 = ['127.0.0.1', '127.0.0.1', '127.0.0.2', '0.0.0.0'];
const V6 = ['::1', '::1', '::', '::ffff:127.0.0.1', '::ffff:0.0.0.0'];
/** The length is mostly right; else too short, cut in the middle, or too long. */
const length: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 8, 15, 16, 23, 24, 27, 28, 100, 128, 129) },
);
const family: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(AF_UNSPEC, AF_INET, AF_INET6, 99) },
);
/** A name whose address is one of `addresses`. */
const nameOf = (addresses: readonly string[]): fc.Arbitrary<AddrSpec> =>
  fc.tuple(fc.constantFrom(...addresses), port, length, family).map((args) => addr(...args));
const name = nameOf([...V4, ...V6]);

/** An int as an option value, hex. */
export const int = (value: number): string => {
  const raw = Buffer.alloc(4);
  raw.writeInt32LE(value | 0);
  return raw.toString('hex');
};

/** Options that need no privilege, and values on both sides of their limits. */
const FLAG = [0, 1, 2, -1];
const OPTIONS: readonly (readonly [level: number, name: number, values: readonly number[]])[] = [
  [SOL_SOCKET, SO_REUSEADDR, FLAG],
  [SOL_SOCKET, SO_BROADCAST, FLAG],
  [SOL_SOCKET, SO_KEEPALIVE, FLAG],
  [SOL_SOCKET, SO_OOBINLINE, FLAG],
  [SOL_SOCKET, SO_NO_CHECK, FLAG],
  [SOL_SOCKET, SO_PRIORITY, [0, 6]],
  [SOL_SOCKET, SO_RCVBUF, [0, 1, 4096, 100_000]],
  [SOL_SOCKET, SO_SNDBUF, [20_000, 100_000]],
  [SOL_SOCKET, SO_RCVLOWAT, [-1, 0, 1, 1000]],
  [SOL_SOCKET, SO_SNDLOWAT, [1]],
  [SOL_SOCKET, SO_TYPE, [1]],
  [SOL_SOCKET, SO_DOMAIN, [1]],
  [SOL_SOCKET, SO_PROTOCOL, [1]],
  [SOL_SOCKET, SO_ACCEPTCONN, [1]],
  [SOL_SOCKET, SO_ERROR, [0, 5]],
  [SOL_SOCKET, SO_LINGER, [0, 1]],
  [SOL_SOCKET, SO_BINDTOIFINDEX, [0, 1, -1, 77]],
  [SOL_IP, IP_TOS, [0, 16, 0x88, 255, 256, -1]],
  [SOL_IP, IP_TTL, [-1, 0, 1, 255, 256]],
  [SOL_IP, IP_MTU_DISCOVER, [-1, 0, 1, 2, 3, 4, 5, 6]],
  [SOL_IP, IP_MULTICAST_TTL, [-2, -1, 0, 255, 256]],
  [SOL_IP, IP_FREEBIND, [0, 1]],
  [SOL_IP, IP_MTU, [1500]],
  [SOL_IPV6, IPV6_V6ONLY, FLAG],
  [SOL_IPV6, IPV6_UNICAST_HOPS, [-2, -1, 0, 255, 256]],
  [SOL_IPV6, IPV6_MULTICAST_HOPS, [-2, -1, 0, 255, 256]],
  [SOL_IPV6, IPV6_MULTICAST_IF, [0, 1, 77]],
  [SOL_IPV6, IPV6_MTU_DISCOVER, [-1, 0, 3, 5, 6]],
  [SOL_IPV6, IPV6_TCLASS, [-2, -1, 0, 255, 256]],
  [SOL_IPV6, IPV6_DONTFRAG, [0, 1]],
  [SOL_IPV6, IPV6_FREEBIND, [0, 1]],
  [SOL_UDP, UDP_NO_CHECK6_TX, [0, 1]],
  [SOL_UDP, UDP_NO_CHECK6_RX, [0, 1]],
  [SOL_SOCKET, 9999, [0]],
  [SOL_UDP, 9999, [0]],
  [SOL_IP, 9999, [0]],
  [SOL_IPV6, 9999, [0]],
  [4242, 1, [0]],
];

const set: fc.Arbitrary<Call> = fc
  .tuple(slot, fc.constantFrom(...OPTIONS), fc.nat(7), fc.nat(15))
  .map(([fd, [level, option, values], pick, odd]): Call => {
    const whole =
      int(values[pick % values.length] ?? 0) + (option === SO_LINGER && level === SOL_SOCKET ? int(pick) : '');
    // Now and then a value that is too short, or longer than an int.
    const value = odd < 4 ? whole.slice(0, odd * 2) : odd === 4 ? `${whole}00000000` : whole;
    return { call: 'setsockopt', fd, level, name: option, value };
  });
const bindDevice: fc.Arbitrary<Call> = fc
  .tuple(slot, fc.constantFrom('lo', '', 'nosuch0', 'lo\0junk', 'a-name-that-is-too-long'))
  .map(([fd, text]) => ({
    call: 'setsockopt',
    fd,
    level: SOL_SOCKET,
    name: SO_BINDTODEVICE,
    value: Buffer.from(text).toString('hex'),
  }));
const get: fc.Arbitrary<Call> = fc
  .tuple(
    slot,
    fc.constantFrom(...OPTIONS, [SOL_SOCKET, SO_BINDTODEVICE, []] as const, [SOL_IPV6, IPV6_MTU, []] as const),
    fc.constantFrom(4, 4, 4, 4, 8, 16, 3, 2, 1, 0),
  )
  .map(([fd, [level, option], room]): Call => ({ call: 'getsockopt', fd, level, name: option, room }));

const sizes: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 5, 100, 1472) },
  { weight: 1, arbitrary: fc.constantFrom(9000, 65_508, 65_527, 65_528, 65_536) },
);
const send: fc.Arbitrary<Call> = fc
  .tuple(slot, sizes, fc.integer({ min: 1, max: 255 }), fc.constantFrom(0, 0, 0, 0, 0, 0, MSG_OOB), fc.option(name))
  .map(([fd, size, fill, flags, to]) => ({
    call: 'sendto',
    fd,
    length: size,
    fill,
    flags,
    ...(to === null ? {} : { addr: to }),
  }));
const receive: fc.Arbitrary<Call> = fc
  .tuple(
    slot,
    fc.constantFrom(0, 3, 2000, 65_536, 65_536),
    fc.constantFrom(0, 0, 0, MSG_PEEK, MSG_TRUNC, MSG_PEEK | MSG_TRUNC),
  )
  .map(([fd, size, flags]) => ({ call: 'recvfrom', fd, length: size, flags }));
const socket: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .constantFrom(AF_INET, AF_INET6)
      .map((f): Call => ({ call: 'socket', family: f, type: SOCK_DGRAM, protocol: 0 })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(AF_INET, AF_INET6, -1, 200),
        fc.constantFrom(SOCK_DGRAM, SOCK_DGRAM | SOCK_NONBLOCK, SOCK_DGRAM | 0x100, 11, -1),
        fc.constantFrom(0, IPPROTO_UDP, IPPROTO_TCP, 255, 256, -1),
      )
      .filter(([, type, protocol]) => type !== 11 || protocol !== 0)
      .map(([f, type, protocol]): Call => ({ call: 'socket', family: f, type, protocol })),
  },
);
const other: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(slot, fc.constantFrom(0, 1, 2, 2, 3, -1)).map(([fd, how]): Call => ({ call: 'shutdown', fd, how })),
  fc
    .tuple(slot, fc.constantFrom(0, 1, 4, 5, 0x2000, 0x3fff))
    .map(([fd, events]): Call => ({ call: 'poll', fd, events })),
  fc.tuple(slot, fc.boolean()).map(([fd, peer]): Call => ({ call: 'getname', fd, peer })),
);

const bind: fc.Arbitrary<Call> = fc.tuple(slot, name).map(([fd, a]) => ({ call: 'bind', fd, addr: a }));
const connect: fc.Arbitrary<Call> = fc.tuple(slot, name).map(([fd, a]) => ({ call: 'connect', fd, addr: a }));
const close: fc.Arbitrary<Call> = slot.map((fd) => ({ call: 'close', fd }));

const any: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: bind },
  { weight: 3, arbitrary: connect },
  { weight: 6, arbitrary: send },
  { weight: 6, arbitrary: receive },
  { weight: 4, arbitrary: other },
  { weight: 3, arbitrary: set },
  { weight: 1, arbitrary: bindDevice },
  { weight: 3, arbitrary: get },
  { weight: 1, arbitrary: close },
  { weight: 1, arbitrary: socket },
);

/** A few sockets, then calls on them; at the end what every socket answers about itself. */
export const sequence: fc.Arbitrary<Call[]> = fc
  .tuple(
    fc.array(socket, { minLength: 1, maxLength: SLOTS }),
    fc.array(any, { minLength: 4, maxLength: 18, size: 'max' }),
  )
  .map(([sockets, calls]) => [...sockets, ...calls, ...epilogue]);

const epilogue: readonly Call[] = [0, 1].flatMap((fd): Call[] => [
  { call: 'poll', fd, events: 0x3fff },
  { call: 'getsockopt', fd, level: SOL_SOCKET, name: SO_ERROR, room: 4 },
  { call: 'getname', fd, peer: false },
  { call: 'getname', fd, peer: true },
  { call: 'recvfrom', fd, length: 65_536, flags: 0 },
]);
