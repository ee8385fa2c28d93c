import { WireError } from './error.js';

const WAYS = 4;
const EMPTY = -1;

/**
 * Where each station was last heard: a table of sets with four entries each. A full set gives up its oldest entry, so
 * the table is bounded and never rebuilt; who is forgotten is merely flooded to. An address is (high 16 bits, low 32 bits).
 */
export class MacTable {
  private readonly high: Int32Array;
  private readonly low: Int32Array;
  private readonly port: Int32Array;
  private readonly heard: Float64Array;
  private readonly setMask: number;
  private readonly now: Float64Array;
  private readonly ageing_ns: number;

  /** `now[0]` is the time in ns; `addresses` (4..2^20) is rounded up to a power of two. */
  constructor(now: Float64Array, ageing_ns: number, addresses: number) {
    if (!Number.isInteger(addresses) || addresses < 4 || addresses > 1 << 20) {
      throw new WireError('SWITCH_ARGUMENT', `a switch learns 4..${1 << 20} addresses, not ${addresses}`);
    }
    let size = WAYS;
    while (size < addresses) size *= 2;
    this.now = now;
    this.ageing_ns = ageing_ns;
    this.setMask = size / WAYS - 1;
    this.high = new Int32Array(size);
    this.low = new Int32Array(size);
    this.port = new Int32Array(size).fill(EMPTY);
    this.heard = new Float64Array(size);
  }

  /** Port behind which the address was heard within the ageing time; -1 if unknown. */
  lookup(high: number, low: number): number {
    const at = this.find(high, low);
    return at >= 0 && !this.aged(at) ? this.port[at] : EMPTY;
  }

  /** The address was heard at `port` now. */
  learn(high: number, low: number, port: number): void {
    let at = this.find(high, low);
    if (at < 0) {
      at = this.victim(high, low);
      this.high[at] = high;
      this.low[at] = low;
    }
    this.port[at] = port;
    this.heard[at] = this.now[0];
  }

  /** Forgets everything heard at a port. */
  forgetPort(port: number): void {
    for (let at = 0; at < this.port.length; at++) if (this.port[at] === port) this.port[at] = EMPTY;
  }

  /** Addresses known now. */
  size(): number {
    let count = 0;
    for (let at = 0; at < this.port.length; at++) if (this.port[at] !== EMPTY && !this.aged(at)) count++;
    return count;
  }

  private aged(at: number): boolean {
    return this.now[0] - this.heard[at] >= this.ageing_ns;
  }

  private firstOf(high: number, low: number): number {
    let hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    hash ^= hash >>> 15;
    return (hash & this.setMask) * WAYS;
  }

  private find(high: number, low: number): number {
    const first = this.firstOf(high, low);
    for (let at = first; at < first + WAYS; at++) {
      if (this.low[at] === low && this.high[at] === high && this.port[at] !== EMPTY) return at;
    }
    return -1;
  }

  private victim(high: number, low: number): number {
    const first = this.firstOf(high, low);
    let oldest = first;
    for (let at = first; at < first + WAYS; at++) {
      if (this.port[at] === EMPTY) return at;
      if (this.heard[at] < this.heard[oldest]) oldest = at;
    }
    return oldest;
  }
}
