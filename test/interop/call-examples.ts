import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  IP_MTU,
  IP_TOS,
  IPV6_V6ONLY,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_BINDTODEVICE,
  SO_ERROR,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { addr, int, PORTS } from './call-arbitraries.js';
import type { AddrSpec, Call } from './socket-calls.js';

const [P, Q] = PORTS;
const v4: Call = { call: 'socket', family: AF_INET, type: SOCK_DGRAM, protocol: 0 };
const v6: Call = { call: 'socket', family: AF_INET6, type: SOCK_DGRAM, protocol: 0 };
const bind = (fd: number, a: AddrSpec): Call => ({ call: 'bind', fd, addr: a });
const connect = (fd: number, a: AddrSpec): Call => ({ call: 'connect', fd, addr: a });
const send = (fd: number, length: number, to?: AddrSpec): Call => ({
  ...{ call: 'sendto', fd, length, fill: 65 + (length % 26), flags: 0 },
  ...(to === undefined ? {} : { addr: to }),
});
const recv = (fd: number, length = 2000, flags = 0): Call => ({ call: 'recvfrom', fd, length, flags });
const names = (fd: number): Call[] => [
  { call: 'getname', fd, peer: false },
  { call: 'getname', fd, peer: true },
];
const poll = (fd: number): Call => ({ call: 'poll', fd, events: 0x3fff });
const shutdown = (fd: number, how: number): Call => ({ call: 'shutdown', fd, how });
const set = (fd: number, level: number, name: number, value: number): Call => ({
  ...{ call: 'setsockopt', fd, level, name, value: int(value) },
});
const get = (fd: number, level: number, name: number): Call => ({ call: 'getsockopt', fd, level, name, room: 4 });
const bindDevice = (fd: number, device: string): Call => {
  return {
    call: 'setsockopt',
    fd,
    level: SOL_SOCKET,
    name: SO_BINDTODEVICE,
    value: Buffer.from(device).toString('hex'),
  };
};

const LO4 = '127.0.0.1';
const LO6 = '::1';
const nobody = addr(LO4, 0, undefined, AF_UNSPEC);

/** Sequences that each show one rule. */
export const examples: Record<string, Call[]> = {
  'bound receiver, datagrams of 0 to 65507 bytes': [
    ...[v4, v4, bind(0, addr(LO4, P))],
    ...[0, 1, 1472, 1473, 9000, 65_507].flatMap((n) => [send(1, n, addr(LO4, P)), poll(0), recv(0, 65_536)]),
    send(1, 65_508, addr(LO4, P)),
  ],
  'IPv6 receiver, datagrams of 0 to 65527 bytes': [
    ...[v6, v6, bind(0, addr(LO6, P))],
    ...[0, 1, 1452, 65_488, 65_527].flatMap((n) => [send(1, n, addr(LO6, P)), poll(0), recv(0, 65_536)]),
    send(1, 65_528, addr(LO6, P)),
  ],
  'queued datagram, peeked at, cut and measured': [
    ...[v4, v4, bind(0, addr(LO4, P)), send(1, 100, addr(LO4, P)), send(1, 50, addr(LO4, P))],
    ...[recv(0, 10, MSG_PEEK), recv(0, 10, MSG_PEEK | MSG_TRUNC), recv(0, 10, MSG_TRUNC), recv(0, 0), recv(0)],
  ],
  'connected socket hears of the closed port once': [
    ...[v4, connect(0, addr(LO4, P)), ...names(0), send(0, 5), poll(0), get(0, SOL_SOCKET, SO_ERROR), recv(0)],
    ...[send(0, 5), send(0, 5), recv(0), send(0, 5), recv(0), recv(0)],
  ],
  'IPv6 connected socket hears of the closed port once': [
    ...[v6, connect(0, addr(LO6, P)), ...names(0), send(0, 5), poll(0), send(0, 5), recv(0), recv(0)],
  ],
  'unconnected sender hears nothing': [v4, send(0, 5, addr(LO4, P)), poll(0), recv(0), get(0, SOL_SOCKET, SO_ERROR)],
  'connected receiver takes from its peer only': [
    ...[v4, v4, v4, bind(0, addr(LO4, P)), bind(1, addr(LO4, Q)), connect(0, addr(LO4, Q))],
    ...[send(2, 7, addr(LO4, P)), send(1, 9, addr(LO4, P)), recv(0), recv(0)],
  ],
  'association dissolved: what bind chose stays': [
    ...[v4, bind(0, addr('0.0.0.0', P)), connect(0, addr(LO4, Q)), ...names(0), connect(0, nobody), ...names(0)],
    ...[v4, connect(1, addr(LO4, Q)), ...names(1), connect(1, nobody), ...names(1), send(1, 1)],
  ],
  'address in use, and shared': [
    ...[v4, v4, v6, bind(0, addr(LO4, P)), bind(1, addr(LO4, P)), bind(1, addr('0.0.0.0', P)), bind(2, addr('::', P))],
    ...[set(2, SOL_IPV6, IPV6_V6ONLY, 1), bind(2, addr('::', P)), ...names(2), bind(1, addr('127.0.0.2', P))],
    ...[v4, set(3, SOL_SOCKET, SO_REUSEADDR, 1), bind(3, addr(LO4, Q))],
    ...[v4, set(4, SOL_SOCKET, SO_REUSEADDR, 1), bind(4, addr(LO4, Q)), send(0, 3, addr(LO4, Q)), recv(3), recv(4)],
  ],
  'socket bound twice, to a foreign address, with a wrong family or length': [
    ...[v4, bind(0, addr('192.0.2.1', P)), bind(0, addr(LO4, P, 15)), bind(0, addr(LO6, P)), bind(0, addr(LO4, P))],
    ...[
      bind(0, addr(LO4, Q)),
      ...names(0),
      v6,
      bind(1, addr(LO4, P)),
      bind(1, addr(LO6, P, 23)),
      bind(1, addr(LO6, Q, 24)),
    ],
  ],
  'socket shut down, unconnected and connected': [
    ...[v4, shutdown(0, SHUT_RDWR), poll(0), recv(0), send(0, 1, addr(LO4, P)), v4, connect(1, addr(LO4, P))],
    ...[shutdown(1, SHUT_RD), poll(1), shutdown(1, SHUT_WR), poll(1), send(1, 1), shutdown(1, 3), shutdown(1, -1)],
  ],
  'IPv6 socket and IPv4 peer': [
    ...[
      v6,
      v4,
      bind(0, addr('::', P)),
      send(1, 4, addr(LO4, P)),
      recv(0),
      send(0, 6, addr('::ffff:127.0.0.1', { of: 1 })),
      recv(1),
    ],
    ...[
      v6,
      connect(2, addr('::ffff:127.0.0.1', P)),
      ...names(2),
      send(2, 8),
      recv(0),
      v6,
      set(3, SOL_IPV6, IPV6_V6ONLY, 1),
    ],
    ...[connect(3, addr('::ffff:127.0.0.1', P)), send(3, 1, addr(LO4, P)), bind(3, addr('::ffff:127.0.0.1', Q))],
  ],
  'socket bound to mapped 0.0.0.0': [
    ...[
      v6,
      v4,
      v6,
      bind(0, addr('::ffff:0.0.0.0', P)),
      send(1, 4, addr(LO4, P)),
      recv(0),
      send(2, 5, addr(LO6, P)),
      recv(0),
    ],
    connect(0, addr(LO6, Q)),
  ],
  'peer with port 0': [
    v4,
    connect(0, addr(LO4, 0)),
    ...names(0),
    send(0, 1),
    v6,
    connect(1, addr('::ffff:127.0.0.1', 0)),
    send(1, 1),
  ],
  'address of no bytes': [
    v4,
    connect(0, addr(LO4, P)),
    send(0, 1, addr(LO4, P, 0)),
    v6,
    connect(1, addr(LO6, P)),
    send(1, 1, addr(LO6, P, 0)),
  ],
  'connected socket that is then bound to a device, or given another type of service': [
    ...[v4, connect(0, addr(LO4, P)), get(0, SOL_IP, IP_MTU), bindDevice(0, 'lo'), get(0, SOL_IP, IP_MTU), send(0, 1)],
    ...[
      recv(0),
      get(0, SOL_IP, IP_MTU),
      set(0, SOL_IP, IP_TOS, 0x10),
      get(0, SOL_SOCKET, SO_PRIORITY),
      get(0, SOL_IP, IP_MTU),
    ],
  ],
  'socket with a native peer, IPv4 socket on its port': [
    v6,
    v4,
    connect(0, addr(LO6, P)),
    bind(1, addr(LO4, { of: 0 })),
    ...names(1),
  ],
  'another address of the loopback network: the source is 127.0.0.1': [
    v4,
    v4,
    bind(0, addr('0.0.0.0', P)),
    send(1, 4, addr('127.0.0.2', P)),
    recv(0),
    connect(1, addr('127.9.9.9', P)),
    ...names(1),
  ],
  'small receive buffer': [
    ...[
      v4,
      v4,
      bind(0, addr(LO4, P)),
      set(0, SOL_SOCKET, SO_RCVBUF, 0),
      get(0, SOL_SOCKET, SO_RCVBUF),
      send(1, 1, addr(LO4, P)),
    ],
    ...[send(1, 1472, addr(LO4, P)), recv(0)],
  ],
  'closed descriptor': [
    v4,
    { call: 'close', fd: 0 },
    { call: 'close', fd: 0 },
    poll(0),
    recv(0),
    ...names(0),
    send(0, 1),
  ],
};
