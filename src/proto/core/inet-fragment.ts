import { hash32_3 } from '../../bytes/index.js';
import type { SimTarget } from '../../sim/index.js';
import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  dev_get_by_index,
  kfree_skb_list_reason,
  type Net,
  SKB_DROP_REASON_FRAG_REASM_TIMEOUT,
  type SkBuff,
} from '../../skbuff/index.js';
import { IPSTATS } from './mib.js';

/** Flags of a queue: the first and the last fragment are here, it is done or given up. */
export const INET_FRAG_FIRST_IN = 1;
export const INET_FRAG_LAST_IN = 2;
export const INET_FRAG_COMPLETE = 4;

/** Results of `inet_frag_queue_insert`. */
export const IPFRAG_OK = 0;
export const IPFRAG_DUP = 1;
export const IPFRAG_OVERLAP = 2;

/** Bytes a queue itself counts for in the memory limit. */
const QUEUE_BYTES = 256;
const OP_EXPIRE = 1;
/** Longest single wait of a timer (ns): relative delays are int32. */
const MAX_DELAY = 2_000_000_000;
const BUCKETS = 64;

/** The fragments of one datagram (`struct inet_frag_queue`). A fragment keeps its offset in `cb1` and, first of a run, the run's bytes in `cb2`. */
export class FragQueue {
  /** Hash chain and the list by age. */
  next: FragQueue | null = null;
  older: FragQueue | null = null;
  newer: FragQueue | null = null;
  /** Source (0–3) and destination (4–7) address, IPv4 in words 3 and 7; identification (8); protocol or 0 (9); device index or 0 (10). */
  readonly key: Int32Array = new Int32Array(11);
  /** First fragments of runs without a hole, by offset; the rest of a run hangs on `skb.next`. */
  runs: SkBuff[] = [];
  /** Fragment with the greatest end. */
  tail: SkBuff | null = null;
  flags: number = 0;
  /** Bytes of the datagram as far as known, bytes here. */
  len: number = 0;
  meat: number = 0;
  /** Sum of truesize. */
  mem: number = 0;
  /** Device index the last fragment came from, and the sender's fragment count then. */
  iif: number = 0;
  rid: number = 0;
  /** Greatest fragment, and greatest that may not be fragmented (bytes with header). */
  max_size: number = 0;
  max_df_size: number = 0;
  /** [0]: ns when it is given up. */
  readonly expires: Float64Array = new Float64Array(1);
}

/** What a family adds when a queue's time is up. */
export interface FragExpire {
  /** Where `ReasmFails` and `ReasmTimeout` are counted. */
  readonly stats: Float64Array;
  /** Tells the sender: `head` is the first fragment, its device is still there (RFC 1122 §3.3.2: otherwise nobody is told). */
  frag_timeout(head: SkBuff): void;
}

/** The queues of one family (`struct fqdir`). One timer serves them all, because all wait equally long: the oldest is the next. */
export class FragTable implements SimTarget {
  readonly net: Net;
  readonly target: number;
  readonly buckets: (FragQueue | null)[] = new Array<FragQueue | null>(BUCKETS).fill(null);
  oldest: FragQueue | null = null;
  newest: FragQueue | null = null;
  /** Bytes held. */
  mem: number = 0;
  /** Queues. */
  count: number = 0;
  owner: FragExpire | null = null;
  free: FragQueue | null = null;
  /** Timer id + 1; 0 = none yet. */
  timer: number = 0;

  constructor(net: Net) {
    this.net = net;
    this.target = net.sim.attach(this);
  }

  /**
   * `inet_frag_find`: the queue of `key`, made when there is none (it then lives `timeout_s` seconds). Null while more than `high_thresh` bytes
   * are held.
   */
  find(key: Int32Array, timeout_s: number, high_thresh: number): FragQueue | null {
    if (this.mem > high_thresh) return null;
    const b = hash32_3(key[3] ^ key[1], key[7] ^ key[5], key[8], key[9]) & (BUCKETS - 1);
    for (let q = this.buckets[b]; q !== null; q = q.next) if (same_key(q.key, key)) return q;
    const q = this.free ?? new FragQueue();
    this.free = q.next;
    q.key.set(key);
    q.next = this.buckets[b];
    this.buckets[b] = q;
    this.count++;
    this.mem += QUEUE_BYTES;
    this.age_push(q, timeout_s);
    return q;
  }

  private age_push(q: FragQueue, timeout_s: number): void {
    q.older = this.newest;
    q.newer = null;
    if (this.newest === null) this.oldest = q;
    else this.newest.newer = q;
    this.newest = q;
    q.expires[0] = this.net.sim.clock[0] + timeout_s * 1e9;
    if (this.oldest === q) this.arm(q);
  }

  private age_unlink(q: FragQueue): void {
    if (q.older === null) this.oldest = q.newer;
    else q.older.newer = q.newer;
    if (q.newer === null) this.newest = q.older;
    else q.newer.older = q.older;
  }

  private arm(q: FragQueue): void {
    const timers = this.net.timers;
    if (this.timer === 0) this.timer = timers.createTimer(this.target, OP_EXPIRE, 0) + 1;
    timers.mod_timer(this.timer - 1, Math.max(0, Math.min(MAX_DELAY, q.expires[0] - this.net.sim.clock[0])));
  }

  handle(op: number, _a: number, _b: number): void {
    if (op !== OP_EXPIRE) return;
    const q = this.oldest;
    // One queue a turn: giving one up sends an ICMP message, a block's worth of work.
    if (q !== null && q.expires[0] <= this.net.sim.clock[0] && this.owner !== null) this.expire(q, this.owner);
    if (this.oldest !== null) this.arm(this.oldest);
  }

  /** Time is up (`ip_expire`, `ip6frag_expire_frag_queue`). */
  private expire(q: FragQueue, owner: FragExpire): void {
    owner.stats[IPSTATS.ReasmFails]++;
    owner.stats[IPSTATS.ReasmTimeout]++;
    this.kill(q);
    const first = (q.flags & INET_FRAG_FIRST_IN) !== 0 && dev_get_by_index(this.net, q.iif) !== null;
    if (first && q.runs.length !== 0) owner.frag_timeout(q.runs[0]);
    this.destroy(q, SKB_DROP_REASON_FRAG_REASM_TIMEOUT);
  }

  /** `inet_frag_kill`: the queue is found no more; its fragments are still its own. */
  kill(q: FragQueue): void {
    const key = q.key;
    const b = hash32_3(key[3] ^ key[1], key[7] ^ key[5], key[8], key[9]) & (BUCKETS - 1);
    let p = this.buckets[b];
    if (p === q) this.buckets[b] = q.next;
    else {
      while (p !== null && p.next !== q) p = p.next;
      if (p !== null) p.next = q.next;
    }
    this.age_unlink(q);
    this.count--;
    this.mem -= QUEUE_BYTES + q.mem;
    q.mem = 0;
    if (this.oldest === null && this.timer !== 0) this.net.timers.del_timer(this.timer - 1);
    q.flags |= INET_FRAG_COMPLETE;
  }

  /** Drops the fragments of a queue for `reason` and begins it anew with the same key and a full life (`ip_frag_reinit`). */
  restart(q: FragQueue, timeout_s: number, reason: number): void {
    for (const run of q.runs) kfree_skb_list_reason(run, reason);
    this.mem -= q.mem;
    const rid = q.rid;
    reset_queue(q);
    q.rid = rid;
    this.age_unlink(q);
    this.age_push(q, timeout_s);
  }

  /** Frees a killed queue; fragments it still holds are dropped for `reason`. */
  destroy(q: FragQueue, reason: number): void {
    for (const run of q.runs) kfree_skb_list_reason(run, reason);
    reset_queue(q);
    q.older = q.newer = null;
    q.next = this.free;
    this.free = q;
  }
}

function reset_queue(q: FragQueue): void {
  q.runs.length = 0;
  q.tail = null;
  q.flags = q.len = q.meat = q.iif = q.rid = q.max_size = q.max_df_size = q.mem = 0;
}

function same_key(a: Int32Array, b: Int32Array): boolean {
  for (let i = 8; i >= 0; i--) if (a[i] !== b[i]) return false;
  return a[9] === b[9] && a[10] === b[10];
}

/**
 * `inet_frag_queue_insert`: puts the fragment with bytes `offset` .. `end` of the datagram in its place. IPFRAG_DUP: every byte is here already
 * (within one run); IPFRAG_OVERLAP: some are, so the datagram must go (RFC 8200 §4.5 and its rule for duplicates; Linux does the same for IPv4).
 */
export function inet_frag_queue_insert(q: FragQueue, skb: SkBuff, offset: number, end: number): number {
  const tail = q.tail;
  skb.cb1 = offset;
  skb.cb2 = end - offset;
  skb.next = null;
  const runs = q.runs;
  if (tail !== null && tail.cb1 + tail.len >= end) return insert_inside(runs, skb, offset, end);
  if (tail !== null && offset < tail.cb1 + tail.len) return IPFRAG_OVERLAP;
  if (tail !== null && offset === tail.cb1 + tail.len) {
    tail.next = skb;
    runs[runs.length - 1].cb2 += end - offset;
  } else runs.push(skb);
  q.tail = skb;
  return IPFRAG_OK;
}

function insert_inside(runs: SkBuff[], skb: SkBuff, offset: number, end: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    const run = runs[mid];
    const run_end = run.cb1 + run.cb2;
    if (end <= run.cb1) high = mid;
    else if (offset >= run_end) low = mid + 1;
    else return offset >= run.cb1 && end <= run_end ? IPFRAG_DUP : IPFRAG_OVERLAP;
  }
  runs.splice(low, 0, skb);
  return IPFRAG_OK;
}

/**
 * `inet_frag_reasm_finish`: the first fragment with all others in its `frag_list`, nothing copied. `skb.data` is where the payload of the first
 * fragment begins. The queue is empty afterwards.
 */
export function inet_frag_reasm(q: FragQueue): SkBuff {
  const head = q.runs[0];
  let last: SkBuff = head;
  let first_rest: SkBuff | null = null;
  for (let r = 0; r < q.runs.length; r++) {
    for (let skb: SkBuff | null = q.runs[r]; skb !== null; skb = skb.next) {
      if (skb === head) continue;
      if (first_rest === null) first_rest = skb;
      if (last !== head) last.next = skb;
      last = skb;
      head.len += skb.len;
      head.data_len += skb.len;
      head.truesize += skb.truesize;
      if (skb.ip_summed !== head.ip_summed) head.ip_summed = CHECKSUM_NONE;
    }
  }
  if (last !== head) last.next = null;
  head.next = null;
  head.frag_list = first_rest;
  if (head.ip_summed === CHECKSUM_COMPLETE) head.ip_summed = CHECKSUM_NONE;
  q.runs.length = 0;
  q.tail = null;
  return head;
}
