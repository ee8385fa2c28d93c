/** Ticks are computed from the clock: there is no tick event. HZ is 1..10000, all times are whole ns. */
import { Cloneable } from './clone.js';

const NS_PER_S = 1_000_000_000;

/** Jiffies at clock[0] as a wrapping int32 that starts at 0; compare by the sign of their difference. */
export function jiffiesAt(clock: Float64Array, hz: number): number {
  const now = clock[0];
  const seconds = Math.floor(now / NS_PER_S);
  return (seconds * hz + Math.floor(((now - seconds * NS_PER_S) * hz) / NS_PER_S)) | 0;
}

/** Jiffies of one clock, computed anew only when the tick has passed: whoever looks at every packet pays a comparison. */
export class JiffiesClock extends Cloneable {
  private readonly clock: Float64Array;
  private readonly hz: number;
  private value: number;
  /** ns: the present value holds in [0] <= now < [1]. */
  private readonly span: Float64Array;

  /** `clock[0]` is now in ns. */
  constructor(clock: Float64Array, hz: number) {
    super();
    this.clock = clock;
    this.hz = hz;
    this.value = 0;
    this.span = new Float64Array(2);
  }

  /** As {@link jiffiesAt}. */
  now(): number {
    const t = this.clock[0];
    if (t >= this.span[1] || t < this.span[0]) this.update();
    return this.value;
  }

  private update(): void {
    const { clock, span } = this;
    const hz = this.hz;
    const seconds = Math.floor(clock[0] / NS_PER_S);
    const tick = Math.floor(((clock[0] - seconds * NS_PER_S) * hz) / NS_PER_S);
    this.value = jiffiesAt(clock, hz);
    span[0] = seconds * NS_PER_S + Math.ceil((tick * NS_PER_S) / hz);
    span[1] = seconds * NS_PER_S + Math.ceil(((tick + 1) * NS_PER_S) / hz);
  }
}
