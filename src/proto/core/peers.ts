import { hash32_3 } from '../../bytes/index.js';

/** Hosts remembered at a time; a new one replaces the one in its slot. */
const SLOTS = 64;
/** Tokens a host may save up, in units of its interval (`XRLIM_BURST_FACTOR`). */
const BURST = 6;

/** What is remembered of the hosts that send to this one (`struct inet_peer`): fragments counted, ICMP tokens. All in typed arrays. */
export class PeerTable {
  readonly keys: Int32Array = new Int32Array(4 * SLOTS);
  /** Fragments seen from this host, wraps (IPv4's `rid`). */
  readonly rid: Int32Array = new Int32Array(SLOTS);
  /** ICMP tokens in ns, and when they were counted last; a negative time marks a host not yet limited. */
  readonly tokens: Float64Array = new Float64Array(SLOTS);
  readonly last: Float64Array = new Float64Array(SLOTS).fill(-1);

  /** The slot of a host. */
  slot(k0: number, k1: number, k2: number, k3: number): number {
    const s = hash32_3(k0 ^ k1, k2, k3, 0) & (SLOTS - 1);
    const keys = this.keys;
    const at = 4 * s;
    if (keys[at] === k0 && keys[at + 1] === k1 && keys[at + 2] === k2 && keys[at + 3] === k3) return s;
    keys[at] = k0;
    keys[at + 1] = k1;
    keys[at + 2] = k2;
    keys[at + 3] = k3;
    this.rid[s] = 0;
    this.tokens[s] = 0;
    this.last[s] = -1;
    return s;
  }

  /** `inet_peer_xrlim_allow`: a token bucket of one message per `interval_ns` with a burst of 6. False: send nothing. */
  xrlim_allow(slot: number, now: Float64Array, interval_ns: number): boolean {
    const limit = BURST * interval_ns;
    const idle = this.last[slot] < 0 ? limit : now[0] - this.last[slot];
    const tokens = Math.min(limit, this.tokens[slot] + idle);
    this.last[slot] = now[0];
    const allowed = tokens >= interval_ns;
    this.tokens[slot] = allowed ? tokens - interval_ns : tokens;
    return allowed;
  }
}

/** A bucket for the whole host (`icmp_global_allow`): `rate` messages a second, `burst` at once. */
export class GlobalLimit {
  /** [0] credit in ns of sending time, [1] when it was counted. */
  readonly state: Float64Array = Float64Array.of(-1, 0);

  allow(now: Float64Array, rate: number, burst: number): boolean {
    if (rate <= 0) return true;
    const unit = Math.floor(1e9 / rate);
    const state = this.state;
    const limit = burst * unit;
    const credit = state[0] < 0 ? limit : Math.min(limit, state[0] + now[0] - state[1]);
    state[1] = now[0];
    const allowed = credit >= unit;
    state[0] = allowed ? credit - unit : credit;
    return allowed;
  }
}
