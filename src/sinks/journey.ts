import { TP } from '../sim/index.js';
import type { TraceRecord } from './record.js';
import {
  HARDIRQ,
  INTX,
  IOAPIC,
  LANE_WIRE,
  LANES,
  MSI,
  NAPI_SCHEDULE,
  OWN,
  POLL,
  SKB,
  SOFTIRQ,
  type Station,
  type StationKind,
  toStation,
  VECTOR,
  WAKEUP,
} from './station.js';

const NET_RX_SOFTIRQ = 3;
const CTX_TASK = 0;
const CTX_SOFTIRQ = 1;

/** A station and where in the trace it stands; fractions stand between two records. */
interface Placed {
  at: number;
  station: Station;
}

/** Ids of all journeys in the trace that ended in a `recvfrom`, in that order, each once (a peek is one too). */
export function deliveredJourneys(records: readonly TraceRecord[]): number[] {
  const ids = new Set<number>();
  for (const r of records) if (r.id === TP.RECVFROM && r.journey !== 0) ids.add(r.journey);
  return [...ids];
}

/**
 * The way of one packet at one host and on the wire, in the order in which it went; `records` is a trace from its start, unfiltered.
 *
 * The interrupt, softirq and poll stations are those that brought this packet up. They are left out when they came before it was in memory: a
 * packet that a running poll finds has no interrupt of its own. Where several packets or copies share a journey id (fragments made from one
 * datagram, a duplicate), the stations of all of them appear. A datagram put together from fragments of several ids goes on under that of
 * the first fragment, whose `sk_buff` becomes the head; the ways of the others end in the fragment queue.
 *
 * Times: `wire, first bit` is when the frame was given to the wire, where it may wait for its turn; blocks of code stand at their start, with
 * what they do in order; a wakeup takes effect at the end of its block.
 */
export function journeyStations(records: readonly TraceRecord[], journey: number, host: number): Station[] {
  const here = (r: TraceRecord): boolean => r.host === host || OWN.get(r.id)?.lane === LANE_WIRE;
  const own = records.filter((r) => r.journey === journey && here(r));
  const placed: Placed[] = [];
  for (const r of own) {
    const kind = OWN.get(r.id);
    if (kind !== undefined) placed.push(place(kind, r, r.index));
  }
  const stores = own.filter((r) => r.id === TP.DMA_WRITE);
  const ups = own.filter((r) => r.id === TP.NETIF_RECEIVE);
  // Frames of one journey come up in the order in which they were stored.
  for (const [i, up] of ups.entries()) placed.push(...serviceOf(records, stores[i], up, own[0] as TraceRecord));
  const queued = own.find((r) => r.id === TP.SOCK_QUEUE);
  const read = own.find((r) => r.id === TP.RECVFROM);
  if (queued !== undefined && read !== undefined) placed.push(...wakeupOf(records, queued, read));
  placed.sort((x, y) => x.at - y.at);
  // What served two frames at once is one station.
  return placed.filter((p, i) => p.at !== placed[i - 1]?.at).map((p) => p.station);
}

/** What brought one stored frame up: interrupt, softirq, poll, and its sk_buff. Loopback stores none; it starts at `first`. */
function serviceOf(
  records: readonly TraceRecord[],
  stored: TraceRecord | undefined,
  up: TraceRecord,
  first: TraceRecord,
): Placed[] {
  const out = [place(SKB, up, up.index - 0.25)];
  if (stored !== undefined) out.push(...interruptOf(records, stored, up));
  out.push(...pollOf(records, (stored ?? first).index, up));
  return out;
}

function place(kind: StationKind, r: TraceRecord, at: number): Placed {
  return { at, station: toStation(kind, r) };
}

/** From the message of the NIC that stored the packet to `napi_schedule`, each the cause of the next. */
function interruptOf(records: readonly TraceRecord[], stored: TraceRecord, up: TraceRecord): Placed[] {
  const out: Placed[] = [];
  const { host, unit } = stored;
  const find = (from: number, test: (r: TraceRecord) => boolean): TraceRecord | undefined => {
    for (let i = from + 1; i < up.index; i++) {
      const r = records[i] as TraceRecord;
      if (r.host === host && test(r)) return r;
    }
    return undefined;
  };
  const ofNic = (r: TraceRecord): boolean => r.id === TP.MSI || (r.id === TP.INTX && r.b === 1);
  let cause = find(stored.index, (r) => r.unit === unit && ofNic(r));
  if (cause === undefined) return out;
  out.push(place(cause.id === TP.MSI ? MSI : INTX, cause, cause.index));
  let vector = cause.b & 0xff;
  if (cause.id === TP.INTX) {
    cause = find(cause.index, (r) => r.id === TP.IOAPIC);
    if (cause === undefined) return out;
    out.push(place(IOAPIC, cause, cause.index));
    vector = cause.b;
  }
  const taken = find(cause.index, (r) => r.id === TP.VECTOR && r.a === vector);
  if (taken === undefined) return out;
  out.push(place(VECTOR, taken, taken.index));
  // The record is written when the handlers have returned; they ran in the block that took the vector.
  const handled = find(taken.index, (r) => r.id === TP.HARDIRQ && r.cpu === taken.cpu);
  if (handled === undefined) return out;
  out.push(place(HARDIRQ, handled, taken.index + 0.5));
  const scheduled = find(taken.index, (r) => r.id === TP.NAPI_SCHEDULE && r.cpu === taken.cpu);
  if (scheduled !== undefined && scheduled.index < handled.index) {
    out.push(place(NAPI_SCHEDULE, scheduled, scheduled.index));
  }
  return out;
}

/** The NET_RX softirq and the poll that handed the packet up, unless they began before `from`. */
function pollOf(records: readonly TraceRecord[], from: number, up: TraceRecord): Placed[] {
  const out: Placed[] = [];
  const sameCpu = (r: TraceRecord): boolean => r.host === up.host && r.cpu === up.cpu;
  let begin: TraceRecord | undefined;
  for (let i = up.index; i > from; i--) {
    const r = records[i] as TraceRecord;
    if (!sameCpu(r)) continue;
    if (r.id === TP.SOFTIRQ && r.a === NET_RX_SOFTIRQ) {
      begin ??= r;
      out.push(place(SOFTIRQ, r, r.index));
      break;
    }
    // The poll before this one ended here; ours began with the softirq block after it.
    if (r.id === TP.NAPI_POLL && begin === undefined) {
      begin = records.find((x) => x.index > i && sameCpu(x) && x.id === TP.BLOCK_START && x.a === CTX_SOFTIRQ);
    }
  }
  const ended = records.find((r) => r.index > up.index && sameCpu(r) && r.id === TP.NAPI_POLL);
  if (begin !== undefined && ended !== undefined) {
    // Written when the poll has ended: what it did is told by that record, where it stands by the block in which it began.
    const { time, cycle, ctx, cpu } = begin;
    out.push(place(POLL, { ...ended, time, cycle, ctx, cpu }, begin.index + 0.25));
  }
  return out;
}

/** The wakeup of the task that read the packet. One that was awake, or that slept only later for another reason, has none. */
function wakeupOf(records: readonly TraceRecord[], queued: TraceRecord, read: TraceRecord): Placed[] {
  const here = (r: TraceRecord): boolean => r.host === read.host;
  let task = -1;
  for (let i = read.index; i >= 0 && task < 0; i--) {
    const r = records[i] as TraceRecord;
    if (here(r) && r.cpu === read.cpu && r.id === TP.BLOCK_START) task = r.b;
  }
  for (let i = queued.index; i < read.index; i++) {
    const r = records[i] as TraceRecord;
    if (!here(r)) continue;
    if (r.id === TP.WAKEUP && r.a === task) return [place(WAKEUP, r, r.index)];
    if (r.id === TP.BLOCK_START && r.a === CTX_TASK && r.b === task) return [];
  }
  return [];
}

/** A table of the stations, a line each: ns since the first one, ns since the one before, CPU cycle, place, name, details. */
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
