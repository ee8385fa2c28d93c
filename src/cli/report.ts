import {
  deliveredJourneys,
  formatJourney,
  journeyStations,
  journeySvg,
  PerfettoSink,
  type Station,
} from '../sinks/index.js';
import { DROP_REASON_NAMES } from '../skbuff/index.js';
import type { ReplayResult } from './replay.js';

/** Width of the name column of tables. */
const NAME = 44;

/** The journey shown: the first datagram that arrived in one frame, of those that reached a program. */
export function chosenJourney(result: ReplayResult): { id: number; stations: Station[] } | null {
  const trace = result.trace;
  if (trace === null) return null;
  const id = deliveredJourneys(trace.list)[0];
  if (id === undefined) return null;
  return { id, stations: journeyStations(trace.list, id, result.host.id) };
}

/** Human-readable report of a replay. */
export function textReport(result: ReplayResult): string[] {
  const lines: string[] = [];
  const { framesInFile, framesReplayed, datagrams, irqs, polls } = result;
  lines.push(`${framesInFile} frames in the capture, ${framesReplayed} of them for this host`);
  const journey = chosenJourney(result);
  if (journey !== null) {
    lines.push(
      '',
      `the way of packet ${journey.id} (time since its first station, since the last one, CPU cycle, place)`,
    );
    lines.push(...formatJourney(journey.stations));
  }
  lines.push('', `${datagrams.length} datagrams received by recvfrom`);
  for (const { from, data, sha256, time } of datagrams) {
    const sender = from.address.includes(':') ? `[${from.address}]:${from.port}` : `${from.address}:${from.port}`;
    lines.push(
      `  ${seconds(time)}  ${sender.padEnd(28)} ${String(data.length).padStart(5)} bytes  sha256 ${sha256.slice(0, 16)}`,
    );
  }
  lines.push('', 'drops by reason');
  const reasons = Object.entries(result.drops);
  if (reasons.length === 0) lines.push('  none');
  for (const [name, count] of reasons) lines.push(`  ${name.padEnd(NAME)} ${String(count).padStart(6)}`);
  lines.push('', `${irqs} interrupts, ${polls} polls, digest ${result.net.digest()}`);
  return lines;
}

/** The pictures and traces of a replay, by file name. */
export function traceFiles(result: ReplayResult): Record<string, string | Uint8Array> {
  const trace = result.trace;
  if (trace === null) return {};
  const journey = chosenJourney(result);
  const perfetto = new PerfettoSink({ hosts: new Map([[result.host.id, result.host.name]]) });
  for (const r of trace.list) perfetto.add(r);
  const files: Record<string, string | Uint8Array> = { 'journey.perfetto.json': perfetto.toJSON() };
  if (result.capture !== null)
    files['journey.pcapng'] = result.capture.toBytes(trace.list, {
      dropReason: (n) => DROP_REASON_NAMES[n] ?? String(n),
    });
  if (journey !== null) {
    files['journey.svg'] = journeySvg(journey.stations, `The way of packet ${journey.id} to ${result.host.name}`);
  }
  return files;
}

function seconds(ns: number): string {
  const whole = Math.floor(ns / 1e9);
  return `${whole}.${String(ns - whole * 1e9).padStart(9, '0')}`;
}
