import { TP } from '../sim/index.js';
import type { TraceRecord } from './record.js';

/** Where a station stands: the columns of the sequence diagram, from the wire up. */
export const LANES: readonly string[] = ['wire', 'NIC', 'memory', 'interrupt', 'hard irq', 'softirq', 'process'];

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
  detail: string;
}

interface StationKind {
  name: string;
  lane: number;
  detail: (r: TraceRecord) => string;
}

const hex = (x: number): string => `0x${(x >>> 0).toString(16).padStart(8, '0')}`;

/** Stations that carry the packet's own journey id. */
const OWN: ReadonlyMap<number, StationKind> = new Map<number, StationKind>([
  [TP.WIRE_TX, { name: 'wire, first bit', lane: 0, detail: (r) => `${r.b} bytes` }],
  [TP.WIRE_RX, { name: 'wire, last bit', lane: 0, detail: (r) => `${r.b} bytes` }],
  [TP.WIRE_DROP, { name: 'dropped on the wire', lane: 0, detail: (r) => `reason ${r.c}` }],
  [TP.MAC_FIFO, { name: 'MAC FIFO', lane: 1, detail: (r) => `${r.a} bytes, ${r.b} queued` }],
  [TP.DMA_WRITE, { name: 'DMA write', lane: 2, detail: (r) => `${r.b} bytes at ${hex(r.a)}` }],
  [TP.DESC_WRITEBACK, { name: 'descriptor write-back', lane: 2, detail: (r) => `index ${r.b}, status ${hex(r.c)}` }],
  [TP.SKB_ALLOC, { name: 'skb', lane: 5, detail: (r) => `sk_buff ${r.a}` }],
  [
    TP.NETIF_RECEIVE,
    { name: 'netif_receive_skb', lane: 5, detail: (r) => `protocol ${hex(r.b).slice(6)}, ${r.c} bytes` },
  ],
  [TP.IP_RCV, { name: 'IP', lane: 5, detail: (r) => `IPv${r.b}, ${r.c} bytes` }],
  [TP.FRAG_QUEUE, { name: 'fragment queue', lane: 5, detail: (r) => `offset ${r.b}, ${r.c} bytes` }],
  [TP.IP_LOCAL, { name: 'IP, local delivery', lane: 5, detail: (r) => `protocol ${r.b}` }],
  [TP.UDP_RCV, { name: 'UDP', lane: 5, detail: (r) => `port ${r.b}, ${r.c} bytes` }],
  [TP.SOCK_QUEUE, { name: 'socket queue', lane: 5, detail: (r) => `${r.b} bytes queued` }],
  [TP.SKB_DROP, { name: 'dropped', lane: 5, detail: (r) => `reason ${r.b}` }],
  [TP.RECVFROM, { name: 'recvfrom', lane: 6, detail: (r) => `pid ${r.a}, fd ${r.b}, ${r.c} bytes` }],
]);

/** Stations of the machine between the packet's DMA and its sk_buff: they serve all packets of a batch. */
const BEFORE_SKB: ReadonlyMap<number, StationKind> = new Map<number, StationKind>([
  [TP.MSI, { name: 'MSI', lane: 3, detail: (r) => `${hex(r.a)} <- ${hex(r.b)}` }],
  [TP.INTX, { name: 'INTx', lane: 3, detail: (r) => `INT${'ABCD'[r.a] ?? '?'}# level ${r.b}` }],
  [TP.IOAPIC, { name: 'IO-APIC', lane: 3, detail: (r) => `pin ${r.a} -> vector ${hex(r.b).slice(8)}` }],
  [TP.VECTOR, { name: 'vector', lane: 3, detail: (r) => hex(r.a).slice(8) }],
  [TP.HARDIRQ, { name: 'hard irq', lane: 4, detail: (r) => `irq ${r.a}` }],
  [TP.NAPI_SCHEDULE, { name: 'napi_schedule', lane: 4, detail: () => '' }],
  [TP.SOFTIRQ, { name: 'softirq', lane: 5, detail: (r) => (r.a === 3 ? 'NET_RX' : `nr ${r.a}`) }],
  [TP.NAPI_POLL, { name: 'poll', lane: 5, detail: (r) => `budget ${r.c}` }],
]);

/** Ids of all journeys in the trace that ended in a `recvfrom`, in that order. */
export function deliveredJourneys(records: readonly TraceRecord[]): number[] {
  const ids: number[] = [];
  for (const r of records) if (r.id === TP.RECVFROM && r.journey !== 0) ids.push(r.journey);
  return ids;
}

/**
 * The way of one packet at one host, in the order in which it went. The interrupt, softirq and poll stations are the first ones of that host
 * after the packet was in memory; a packet that a running poll picks up has none of its own.
 */
export function journeyStations(records: readonly TraceRecord[], journey: number, host: number): Station[] {
  const own = records.filter((r) => r.journey === journey && (r.host === host || OWN.get(r.id)?.lane === 0));
  const inMemory = own.find((r) => r.id === TP.DMA_WRITE && r.host === host);
  const asSkb = own.find((r) => (r.id === TP.SKB_ALLOC || r.id === TP.NETIF_RECEIVE) && r.host === host);
  const queued = own.find((r) => r.id === TP.SOCK_QUEUE);
  const chosen: { r: TraceRecord; kind: StationKind }[] = [];
  for (const r of own) {
    const kind = OWN.get(r.id);
    if (kind !== undefined) chosen.push({ r, kind });
  }
  if (inMemory !== undefined && asSkb !== undefined) {
    chosen.push(...firstOfEach(records, host, inMemory.index, asSkb.index));
  }
  const wakeup = queued === undefined ? undefined : wakeupAfter(records, host, queued.index);
  if (wakeup !== undefined) chosen.push({ r: wakeup, kind: { name: 'wakeup', lane: 6, detail: (r) => `pid ${r.a}` } });
  chosen.sort((x, y) => x.r.index - y.r.index);
  return chosen.map(({ r, kind }) => ({
    name: kind.name,
    lane: kind.lane,
    time: r.time,
    cycle: r.ctx < 0 ? -1 : r.cycle,
    detail: kind.detail(r),
  }));
}

function firstOfEach(
  records: readonly TraceRecord[],
  host: number,
  from: number,
  to: number,
): { r: TraceRecord; kind: StationKind }[] {
  const seen = new Set<number>();
  const out: { r: TraceRecord; kind: StationKind }[] = [];
  for (let i = from; i < to; i++) {
    const r = records[i] as TraceRecord;
    const kind = BEFORE_SKB.get(r.id);
    if (kind === undefined || r.host !== host || seen.has(r.id)) continue;
    seen.add(r.id);
    out.push({ r, kind });
  }
  return out;
}

function wakeupAfter(records: readonly TraceRecord[], host: number, from: number): TraceRecord | undefined {
  for (let i = from; i < records.length; i++) {
    const r = records[i] as TraceRecord;
    if (r.host !== host) continue;
    if (r.id === TP.WAKEUP) return r;
    if (r.id === TP.RECVFROM) return undefined;
  }
  return undefined;
}

/** `      +672 ns` … a table of the stations, one line each. */
export function formatJourney(stations: readonly Station[]): string[] {
  const first = stations[0];
  if (first === undefined) return [];
  let last = first.time;
  return stations.map((s) => {
    const at = `${s.time - first.time}`.padStart(9);
    const delta = `+${s.time - last}`.padStart(8);
    const cycle = s.cycle < 0 ? '-'.padStart(12) : `${s.cycle}`.padStart(12);
    last = s.time;
    return `${at} ns ${delta} ns ${cycle}  ${(LANES[s.lane] as string).padEnd(9)} ${s.name.padEnd(22)} ${s.detail}`.trimEnd();
  });
}
