import { frame, ipv6Multicast, rxRing, txDescriptor } from './traffic.js';

/** Something that happens between two recorded accesses: the record has neither times nor frames nor memory. */
export interface Event {
  /** Number of the access (from 1) before which it happens. */
  readonly before: number;
  /** That access, as `r offset` or `w offset` in hexadecimal: guards the numbering. */
  readonly next: string;
  readonly why: string;
  readonly link?: 'up' | 'down';
  /** Frames that come from the wire. */
  readonly frames?: readonly Uint8Array[];
  /** What the driver has put into memory: address and bytes. */
  readonly memory?: readonly (readonly [number, Uint8Array])[];
  /** Virtual time that passes, ns. */
  readonly wait_ns?: number;
  /** CTRL.GIO_MASTER_DISABLE is cleared or set again by a write that the record does not have: see `MASTER`. */
  readonly master?: 'on' | 'off';
}

const US = 1000;
const MS = 1_000_000;

const ME = '52:54:00:12:34:56';
const GATEWAY = '52:55:0a:00:02:02';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const ALL_NODES = ipv6Multicast(0x01);
const ALL_ROUTERS = ipv6Multicast(0x02);
const MLD_ROUTERS = ipv6Multicast(0x16);
const SOLICITED = '33:33:ff:12:34:56';

/*
 * Lengths without CRC. The record has no frames, only counts, sums of octets and classes of sizes, and these lengths are
 * chosen so that our counters reach them. A Linux host that comes up and pings three times would more likely have had an ARP
 * reply of 64 bytes, three replies of 98 and a group report of 90: that model neither pads nor counts the CRC in the size
 * classes. With those, GOTCL, TOTL, PRC64 and PRC127 would differ as well, one read each.
 */
const MLD_REPORT = 90;
const NEIGHBOUR_SOLICITATION = 86;
const ROUTER_SOLICITATION = 70;
const ROUTER_SOLICITATION_PLAIN = 62;
const ROUTER_ADVERTISEMENT = 110;
const ARP_REQUEST = 42;
const ARP_REPLY = 60;
const MULTICAST = 72;
const PING = 98;
const LONGER_PING = 102;

const IPV6 = 0x86dd;
const IPV4 = 0x0800;
const ARP = 0x0806;

/** Frame `n` (0 ...) of the driver, in memory before TDT is moved past its descriptor. */
function send(before: number, n: number, why: string, to: string, type: number, length: number): Event {
  return { before, next: 'w 3818', why, memory: txDescriptor(n, frame(to, ME, type, length)) };
}

function receive(before: number, next: string, why: string, to: string, type: number, length: number): Event {
  return { before, next, why, frames: [frame(to, GATEWAY, type, length)], wait_ns: 20 * US };
}

/*
 * The other model's CTRL.RST does not clear CTRL.GIO_MASTER_DISABLE, so the recorded driver reads the bit back and writes it
 * for ever after, and that model moves frames all the same. A chip that honours the bit moves none. It is lifted while the
 * frames pass (no register is read meanwhile) and set again before the next read.
 */
const MASTER = 'GIO master disable, which no driver would have left set';

/** All that happens, in order. */
export const EVENTS: readonly Event[] = [
  { before: 1, next: 'w d8', why: 'power-on: the first autonegotiation has ended', wait_ns: 600 * MS },
  { before: 2524, next: 'w 2800', why: 'the receive ring and its buffers are in memory', memory: rxRing() },
  { before: 2927, next: 'r f00', why: 'the link comes up: a line of the trace sets cause LSC here', wait_ns: 600 * MS },
  { before: 3297, next: 'w 3818', why: MASTER, master: 'on' },
  send(3297, 0, 'joins a multicast group', MLD_ROUTERS, IPV6, MLD_REPORT),
  send(3299, 1, 'duplicate address detection', SOLICITED, IPV6, NEIGHBOUR_SOLICITATION),
  send(3301, 2, 'joins again', MLD_ROUTERS, IPV6, MLD_REPORT),
  send(3303, 3, 'looks for routers', ALL_ROUTERS, IPV6, ROUTER_SOLICITATION),
  send(3305, 4, 'looks for routers again', ALL_ROUTERS, IPV6, ROUTER_SOLICITATION),
  receive(3306, 'w d0', 'the router answers: cause RXQ0 in the trace', ALL_NODES, IPV6, ROUTER_ADVERTISEMENT),
  { before: 3309, next: 'r 4000', why: MASTER, master: 'off', wait_ns: 20 * US },
  { before: 3440, next: 'w 3818', why: MASTER, master: 'on' },
  send(3440, 5, 'a multicast', MLD_ROUTERS, IPV6, MULTICAST),
  send(3442, 6, 'asks for the address of the gateway', BROADCAST, ARP, ARP_REQUEST),
  receive(3443, 'w d0', 'ARP reply', ME, ARP, ARP_REPLY),
  send(3446, 7, 'ping', GATEWAY, IPV4, PING),
  receive(3447, 'w d0', 'echo reply', ME, IPV4, PING),
  send(3451, 8, 'looks for routers', ALL_ROUTERS, IPV6, ROUTER_SOLICITATION_PLAIN),
  send(3453, 9, 'ping', GATEWAY, IPV4, PING),
  receive(3454, 'w d0', 'echo reply', ME, IPV4, PING),
  send(3456, 10, 'ping', GATEWAY, IPV4, PING),
  receive(3457, 'w d0', 'echo reply', ME, IPV4, LONGER_PING),
  { before: 3459, next: 'r 100', why: MASTER, master: 'off', wait_ns: 20 * US },
];
