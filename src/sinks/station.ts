import { TP } from '../sim/index.js';
import { drop_reason_name } from '../skbuff/index.js';
import { WIRE_DROP_NAMES } from '../wire/index.js';
import type { TraceRecord } from './record.js';

/** Where a station stands: the columns of the sequence diagram, from the wire up. */
export const LANES: readonly string[] = ['wire', 'NIC', 'memory', 'interrupt', 'hard irq', 'softirq', 'process'];

/** The column of the wire. */
export const LANE_WIRE = 0;
const LANE_NIC = 1;
const LANE_MEMORY = 2;
const LANE_INTERRUPT = 3;
const LANE_HARDIRQ = 4;
const LANE_SOFTIRQ = 5;
const LANE_PROCESS = 6;

/** One stop of a packet on its way. */
export interface Station {
  /** What people call it. */
  name: string;
  /** Index in {@link LANES}. */
  lane: number;
  /** Virtual time, ns. */
  time: number;
  /** CPU cycle at the start of the block it happened in; -1 outside blocks. */
  cycle: number;
  /** The numbers that belong to it, as text; may be empty. */
  detail: string;
}

/** How a kind of trace record reads as a station. */
export interface StationKind {
  name: string;
  /** Index in {@link LANES}; -1: that of the context in which the record was written. */
  lane: number;
  detail: (r: TraceRecord) => string;
}

/** The column of protocol code: it runs in whatever context called it. */
const BY_CONTEXT = -1;
const CONTEXT_LANES: readonly number[] = [LANE_PROCESS, LANE_SOFTIRQ, LANE_HARDIRQ];
const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [44, 'fragment'],
  [58, 'ICMPv6'],
]);
const RINGS: readonly string[] = ['receive ring', 'transmit ring'];

/** Why the NIC dropped a frame, by the value of the record: the reasons of hw/nic (NIC_*) in words. */
export const NIC_DROP_TEXT: readonly string[] = [
  'no room in the receive FIFO',
  'wrong CRC',
  'length not allowed',
  'no address filter matched',
  'receiver off',
  'no link',
  'data to send could not be read',
  'transmit descriptor refused',
];

/** {@link NIC_DROP_TEXT} of a reason, or its number. */
export const nicDropText = (reason: number): string => NIC_DROP_TEXT[reason] ?? `reason ${reason}`;

const hex = (x: number, digits: number): string => `0x${(x >>> 0).toString(16).padStart(digits, '0')}`;
const bytes = (n: number): string => `${n} byte${n === 1 ? '' : 's'}`;
const protocol = (n: number): string => IP_PROTOCOLS.get(n) ?? `protocol ${n}`;

/** The stations of a machine between a packet's DMA and its way up: they serve every packet of a batch and carry no journey id. */
export const MSI: StationKind = {
  name: 'MSI',
  lane: LANE_INTERRUPT,
  detail: (r) => `${hex(r.b, 2)} to ${hex(r.a, 8)}`,
};
export const INTX: StationKind = { name: 'INTx', lane: LANE_INTERRUPT, detail: (r) => `INT${' ABCD'[r.a] ?? '?'}# up` };
export const IOAPIC: StationKind = {
  name: 'IO-APIC',
  lane: LANE_INTERRUPT,
  detail: (r) => `pin ${r.a}, vector ${hex(r.b, 2)}`,
};
export const VECTOR: StationKind = {
  name: 'vector',
  lane: LANE_INTERRUPT,
  detail: (r) => `${hex(r.a, 2)} at cpu${r.cpu}`,
};
export const HARDIRQ: StationKind = { name: 'hard irq', lane: LANE_HARDIRQ, detail: (r) => `irq ${r.a}` };
export const NAPI_SCHEDULE: StationKind = {
  name: 'napi_schedule',
  lane: LANE_HARDIRQ,
  detail: (r) => `napi ${r.a}`,
};
export const SOFTIRQ: StationKind = { name: 'softirq', lane: LANE_SOFTIRQ, detail: () => 'NET_RX' };
export const POLL: StationKind = {
  name: 'poll',
  lane: LANE_SOFTIRQ,
  detail: (r) => `${r.b} of ${r.c} packets`,
};
/** A packet gets its sk_buff in the block that hands it up. */
export const SKB: StationKind = { name: 'skb', lane: LANE_SOFTIRQ, detail: (r) => `sk_buff ${r.a}` };
export const WAKEUP: StationKind = { name: 'wakeup', lane: LANE_PROCESS, detail: (r) => `task ${r.a}` };

/** Stations that carry the packet's own journey id. */
export const OWN: ReadonlyMap<number, StationKind> = new Map<number, StationKind>([
  [TP.IP_OUT, { name: 'IP output', lane: BY_CONTEXT, detail: (r) => `${protocol(r.b)}, ${bytes(r.c)}` }],
  [TP.QDISC, { name: 'queue discipline', lane: BY_CONTEXT, detail: (r) => `${r.b} queued` }],
  [TP.XMIT, { name: 'ndo_start_xmit', lane: BY_CONTEXT, detail: (r) => bytes(r.b) }],
  [TP.DMA_READ, { name: 'DMA read', lane: LANE_MEMORY, detail: (r) => `${bytes(r.b)} at ${hex(r.a, 8)}` }],
  [TP.TX_CLEAN, { name: 'transmit clean', lane: BY_CONTEXT, detail: (r) => `index ${r.b}` }],
  [TP.WIRE_TX, { name: 'wire, first bit', lane: LANE_WIRE, detail: (r) => bytes(r.b) }],
  [TP.WIRE_RX, { name: 'wire, last bit', lane: LANE_WIRE, detail: (r) => bytes(r.b) }],
  [
    TP.WIRE_DROP,
    { name: 'dropped on the wire', lane: LANE_WIRE, detail: (r) => WIRE_DROP_NAMES[r.c] ?? `reason ${r.c}` },
  ],
  [TP.NIC_DROP, { name: 'dropped in the NIC', lane: LANE_NIC, detail: (r) => nicDropText(r.b) }],
  [TP.MAC_FIFO, { name: 'MAC FIFO', lane: LANE_NIC, detail: (r) => `${bytes(r.b)} queued` }],
  [TP.DMA_WRITE, { name: 'DMA write', lane: LANE_MEMORY, detail: (r) => `${bytes(r.b)} at ${hex(r.a, 8)}` }],
  [
    TP.DESC_WRITEBACK,
    {
      name: 'descriptor write-back',
      lane: LANE_MEMORY,
      detail: (r) => `${RINGS[r.a] ?? `ring ${r.a}`}, index ${r.b}, status ${hex(r.c, 4)}`,
    },
  ],
  [TP.NETIF_RECEIVE, { name: 'netif_receive_skb', lane: BY_CONTEXT, detail: (r) => `${hex(r.b, 4)}, ${bytes(r.c)}` }],
  [TP.IP_RCV, { name: 'IP', lane: BY_CONTEXT, detail: (r) => `IPv${r.b}, ${bytes(r.c)}` }],
  [TP.FRAG_QUEUE, { name: 'fragment queue', lane: BY_CONTEXT, detail: (r) => `offset ${r.b}, ${bytes(r.c)}` }],
  [TP.IP_LOCAL, { name: 'IP, local delivery', lane: BY_CONTEXT, detail: (r) => `${protocol(r.b)}, ${bytes(r.c)}` }],
  [TP.ICMP, { name: 'ICMP', lane: BY_CONTEXT, detail: (r) => `type ${r.a}, code ${r.b}` }],
  [TP.ARP, { name: 'ARP', lane: BY_CONTEXT, detail: (r) => `operation ${r.a}` }],
  [TP.NDISC, { name: 'neighbour discovery', lane: BY_CONTEXT, detail: (r) => `type ${r.a}` }],
  [TP.UDP_RCV, { name: 'UDP', lane: BY_CONTEXT, detail: (r) => `port ${r.b}, ${bytes(r.c)}` }],
  [TP.SOCK_QUEUE, { name: 'socket queue', lane: BY_CONTEXT, detail: (r) => `${r.b} queued` }],
  [TP.SKB_DROP, { name: 'dropped', lane: BY_CONTEXT, detail: (r) => drop_reason_name(r.b) }],
  [TP.RECVFROM, { name: 'recvfrom', lane: LANE_PROCESS, detail: (r) => `pid ${r.a}, fd ${r.b}, ${bytes(r.c)}` }],
]);

/** A record as a station of `kind`. */
export function toStation(kind: StationKind, r: TraceRecord): Station {
  const lane = kind.lane === BY_CONTEXT ? (CONTEXT_LANES[r.ctx] ?? LANE_SOFTIRQ) : kind.lane;
  // A device's record may be written while a CPU's block ends; it is no part of that block.
  const cycle = r.ctx < 0 || lane <= LANE_MEMORY ? -1 : r.cycle;
  return { name: kind.name, lane, time: r.time, cycle, detail: kind.detail(r) };
}
