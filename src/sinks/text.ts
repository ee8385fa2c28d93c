import type { TraceSink, TraceView } from '../sim/index.js';
import { CONTEXT_NAMES, readRecord, recordArgs, type TraceRecord } from './record.js';

/** Where a text sink writes: one call per line, without the line end. */
export type LineWriter = (line: string) => void;

/** `12.345678900 host1/0 softirq  IP_RCV            #7 skb=3 version=4 length=84`: seconds, place, context, point, journey, arguments. */
export function formatRecord(r: TraceRecord): string {
  const whole = Math.floor(r.time / 1e9);
  const seconds = `${whole}.${String(r.time - whole * 1e9).padStart(9, '0')}`;
  const place = r.host === 0 ? 'wire' : `host${r.host}${r.cpu < 0 ? '' : `/${r.cpu}`}`;
  const ctx = r.ctx < 0 ? '-' : (CONTEXT_NAMES[r.ctx] ?? '?');
  const args = Object.entries(recordArgs(r)).map(([k, v]) => `${k}=${v}`);
  const journey = r.journey === 0 ? '' : `#${r.journey} `;
  return `${seconds} ${place.padEnd(8)} ${ctx.padEnd(8)} ${r.name.padEnd(16)} ${journey}${args.join(' ')}`.trimEnd();
}

/** Every trace record as a line of text. */
export class TextSink implements TraceSink {
  private readonly write: LineWriter;
  private count: number = 0;

  constructor(write: LineWriter) {
    this.write = write;
  }

  records(view: TraceView): void {
    for (let i = 0; i < view.length; i++) this.write(formatRecord(readRecord(view, i, this.count++)));
  }
}

/** Every trace record as one JSON object per line. */
export class JsonLinesSink implements TraceSink {
  private readonly write: LineWriter;
  private count: number = 0;

  constructor(write: LineWriter) {
    this.write = write;
  }

  records(view: TraceView): void {
    for (let i = 0; i < view.length; i++) {
      const r = readRecord(view, i, this.count++);
      const { time, cycle, name, host, cpu, ctx, journey } = r;
      this.write(JSON.stringify({ time, cycle, name, host, cpu, ctx, journey, ...recordArgs(r) }));
    }
  }
}
