import { hash32_3 } from '../../bytes/index.js';
import type { SimTarget } from '../../sim/index.js';
import {
  __skb_queue_tail,
  dev_queue_xmit,
  kfree_skb_reason,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NEIGH_FAILED,
  SKB_DROP_REASON_NEIGH_QUEUEFULL,
  type SkBuff,
  skb_dequeue,
  skb_push,
} from '../../skbuff/index.js';
import { ETH_HLEN } from '../../uapi/index.js';
import type { In6 } from '../core/index.js';
import { eth_build } from '../ethernet/index.js';
import { neigh_collect_failed, neigh_forced_gc } from './gc.js';
import {
  NEIGH_UPDATE_F_ADMIN,
  NEIGH_UPDATE_F_OVERRIDE,
  NEIGH_UPDATE_F_WEAK_OVERRIDE,
  Neighbour,
  NUD_CONNECTED,
  NUD_FAILED,
  NUD_INCOMPLETE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  NUD_STALE,
  NUD_VALID,
} from './neighbour.js';

/** What a family adds to the table: how to ask, and whom to tell when nobody answers. */
export interface NeighOps {
  /** Sends one solicitation for `n`. */
  solicit(n: Neighbour): void;
  /** A packet (network header at `skb.data`) cannot be delivered; the table drops it afterwards. */
  error_report(n: Neighbour, skb: SkBuff): void;
}

/** Settings (`/proc/sys/net/ipv4/neigh/default`). */
export class NeighParms {
  /** ns between solicitations. */
  retrans_time_ns: number = 1_000_000_000;
  /** Solicitations before giving up. */
  mcast_probes: number = 3;
  /** ns a confirmation lasts (base_reachable_time). */
  reachable_time_ns: number = 30_000_000_000;
  /** Truesize bytes that may wait for one neighbour; older packets are dropped (`unres_qlen_bytes`, the only limit since Linux 3.3). */
  queue_len_bytes: number = 212992;
  /** ns during which another answer may not replace an address (locktime). */
  locktime_ns: number = 1_000_000_000;
  /** With fewer entries none is collected between forced collections. */
  gc_thresh1: number = 128;
  /** With as many entries a new one makes room first, at most every 5 s. */
  gc_thresh2: number = 512;
  /** Entries there can be besides the permanent ones. */
  gc_thresh3: number = 1024;
}

const OP_RETRANS = 1;
/** Forced collections below gc_thresh3 keep this distance, and spare entries updated within it (`neigh_alloc`, `neigh_forced_gc`). */
const GC_SPARE_NS = 5_000_000_000;

/** The neighbours of one family (`struct neigh_table`). */
export class NeighTable implements SimTarget {
  readonly net: Net;
  /** EtherType of the packets sent to neighbours. */
  readonly protocol: number;
  readonly parms: NeighParms = new NeighParms();
  readonly target: number;
  ops: NeighOps | null = null;
  /** All entries by id; index 0 is unused. */
  readonly entries: (Neighbour | null)[] = [null];
  buckets: (Neighbour | null)[] = new Array<Neighbour | null>(32).fill(null);
  count: number = 0;
  /** Entries that count against the thresholds: all but the permanent ones. */
  gc_entries: number = 0;
  /** Entries refused because the table was full (`table_fulls` of /proc/net/stat/arp_cache). */
  table_fulls: number = 0;
  forced_gc_runs: number = 0;
  /** Nanoseconds: [0] of the last forced collection, [1] of the last one of failed entries. */
  readonly gc_times: Float64Array = new Float64Array(2);
  /** Ids free for new entries. */
  private readonly free: number[] = [];
  /** The IPv4 neighbour found last: packets go to the same one mostly. */
  private recent: Neighbour | null = null;

  constructor(net: Net, protocol: number) {
    this.net = net;
    this.protocol = protocol;
    this.target = net.sim.attach(this);
  }

  /** The neighbour with an IPv4 address on a device, or null. */
  lookup4(addr: number, dev: NetDevice): Neighbour | null {
    const recent = this.recent;
    if (recent !== null && recent.dev === dev && recent.key[3] === addr) return recent;
    let n = this.buckets[hash32_3(0, 0, addr, dev.ifindex) & (this.buckets.length - 1)];
    while (n !== null && (n.key[3] !== addr || n.dev !== dev)) n = n.next;
    if (n !== null) this.recent = n;
    return n;
  }

  /** The neighbour with an IPv6 address on a device, or null. */
  lookup6(a: In6, dev: NetDevice): Neighbour | null {
    let n = this.buckets[hash32_3(a[0] ^ a[1], a[2], a[3], dev.ifindex) & (this.buckets.length - 1)];
    for (; n !== null; n = n.next) {
      const k = n.key;
      if (k[3] === a[3] && k[2] === a[2] && k[1] === a[1] && k[0] === a[0] && n.dev === dev) return n;
    }
    return null;
  }

  /** The neighbour, made (state NONE) when it is not known; null when the table is full of entries in use, unless `exempt` from the limit. */
  get4(addr: number, dev: NetDevice, exempt: boolean = false): Neighbour | null {
    return this.lookup4(addr, dev) ?? this.create(0, 0, 0, addr, dev, exempt);
  }

  get6(a: In6, dev: NetDevice, exempt: boolean = false): Neighbour | null {
    return this.lookup6(a, dev) ?? this.create(a[0], a[1], a[2], a[3], dev, exempt);
  }

  /** `neigh_create`. */
  private create(k0: number, k1: number, k2: number, k3: number, dev: NetDevice, exempt: boolean): Neighbour | null {
    if (!exempt && !this.makeRoom()) return null;
    const id = this.free.pop() ?? this.entries.length;
    const n = new Neighbour(id, dev);
    n.key.set([k0, k1, k2, k3]);
    n.times[1] = this.net.sim.clock[0];
    this.gc_entries++;
    if (++this.count > this.buckets.length) this.grow();
    this.entries[id] = n;
    this.link(n);
    return n;
  }

  /** Whether one more entry may be made, after a collection if need be (`neigh_alloc`). */
  private makeRoom(): boolean {
    const { gc_thresh1, gc_thresh2, gc_thresh3, reachable_time_ns } = this.parms;
    const now = this.net.sim.clock[0];
    if (this.gc_entries >= gc_thresh1 && now - this.gc_times[1] >= reachable_time_ns / 2) {
      this.gc_times[1] = now;
      neigh_collect_failed(this);
    }
    const full = this.gc_entries >= gc_thresh3;
    if (!full && (this.gc_entries < gc_thresh2 || now - this.gc_times[0] <= GC_SPARE_NS)) return true;
    this.forced_gc_runs++;
    this.gc_times[0] = now;
    if (neigh_forced_gc(this, now - GC_SPARE_NS) > 0 || !full) return true;
    this.table_fulls++;
    return false;
  }

  /** Forgets an entry for which nothing waits, with its timer (`neigh_remove_one`). */
  remove(n: Neighbour): void {
    const k = n.key;
    const b = hash32_3(k[0] ^ k[1], k[2], k[3], n.dev.ifindex) & (this.buckets.length - 1);
    if (this.buckets[b] === n) this.buckets[b] = n.next;
    else {
      let before = this.buckets[b];
      while (before !== null && before.next !== n) before = before.next;
      if (before !== null) before.next = n.next;
    }
    n.next = null;
    if (this.recent === n) this.recent = null;
    if (n.timer !== 0) this.net.timers.freeTimer(n.timer - 1);
    n.timer = 0;
    this.entries[n.id] = null;
    this.free.push(n.id);
    this.count--;
    this.gc_entries--;
  }

  private link(n: Neighbour): void {
    const k = n.key;
    const b = hash32_3(k[0] ^ k[1], k[2], k[3], n.dev.ifindex) & (this.buckets.length - 1);
    n.next = this.buckets[b];
    this.buckets[b] = n;
  }

  private grow(): void {
    this.buckets = new Array<Neighbour | null>(this.buckets.length * 2).fill(null);
    for (const n of this.entries) if (n !== null) this.link(n);
  }

  /** Timer of an unresolved neighbour. */
  handle(op: number, a: number, _b: number): void {
    const n = this.entries[a];
    if (op !== OP_RETRANS || n === null || n.nud_state !== NUD_INCOMPLETE) return;
    if (n.probes >= this.parms.mcast_probes) neigh_fail(this, n);
    else neigh_probe(this, n);
  }
}

/** `neigh_output`: sends a packet (network header at `skb.data`, `skb.dev` set) to `n`, or queues it until the address is known. */
export function neigh_output(tbl: NeighTable, n: Neighbour, skb: SkBuff): number {
  if ((n.nud_state & NUD_VALID) === 0) return neigh_event_send(tbl, n, skb);
  if (n.nud_state === NUD_REACHABLE && tbl.net.sim.clock[0] - n.times[0] > tbl.parms.reachable_time_ns)
    n.nud_state = NUD_STALE;
  return dev_hard_header_xmit(skb, n.ha, tbl.protocol);
}

/** Puts an Ethernet header with destination `dst` in front and hands the frame to the device. */
export function dev_hard_header_xmit(skb: SkBuff, dst: Uint8Array, protocol: number): number {
  const dev = skb.dev as NetDevice;
  skb_push(skb, ETH_HLEN);
  skb.mac_header = skb.data;
  eth_build(skb.pool.arena.u8, skb.data, dst, dev.dev_addr, protocol);
  return dev_queue_xmit(skb);
}

/** `__neigh_event_send`: the packet waits; the first one starts the search. The oldest goes when the queue is full. */
function neigh_event_send(tbl: NeighTable, n: Neighbour, skb: SkBuff): number {
  const q = n.arp_queue;
  const start = n.nud_state !== NUD_INCOMPLETE;
  while (q.qlen > 0 && n.arp_queue_len_bytes + skb.truesize > tbl.parms.queue_len_bytes) {
    const old = skb_dequeue(q) as SkBuff;
    n.arp_queue_len_bytes -= old.truesize;
    kfree_skb_reason(old, SKB_DROP_REASON_NEIGH_QUEUEFULL);
  }
  __skb_queue_tail(q, skb);
  n.arp_queue_len_bytes += skb.truesize;
  if (start) {
    n.nud_state = NUD_INCOMPLETE;
    n.probes = 0;
    neigh_probe(tbl, n);
  }
  return 0;
}

function neigh_probe(tbl: NeighTable, n: Neighbour): void {
  const timers = tbl.net.timers;
  if (n.timer === 0) n.timer = timers.createTimer(tbl.target, OP_RETRANS, n.id) + 1;
  n.probes++;
  timers.mod_timer(n.timer - 1, tbl.parms.retrans_time_ns);
  if (tbl.ops !== null) tbl.ops.solicit(n);
}

/** `neigh_invalidate`: nobody answered; the waiting packets are reported and dropped. The next packet starts a new search. */
function neigh_fail(tbl: NeighTable, n: Neighbour): void {
  n.nud_state = NUD_FAILED;
  n.times[1] = tbl.net.sim.clock[0];
  for (let left = n.arp_queue.qlen; left > 0 && n.nud_state === NUD_FAILED; left--) {
    const skb = skb_dequeue(n.arp_queue) as SkBuff;
    n.arp_queue_len_bytes -= skb.truesize;
    if (tbl.ops !== null) tbl.ops.error_report(n, skb);
    kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
  }
}

/**
 * `neigh_update`: news about a neighbour: six bytes of `u8` from `off` on are its Ethernet address, `state` is NUD_REACHABLE, NUD_STALE or
 * NUD_PERMANENT. An address that is known is replaced only with NEIGH_UPDATE_F_OVERRIDE; with WEAK_OVERRIDE a different one makes a connected
 * entry STALE. Packets that waited are sent. Permanent entries change only with ADMIN.
 */
export function neigh_update(
  tbl: NeighTable,
  n: Neighbour,
  u8: Uint8Array,
  off: number,
  state: number,
  flags: number,
): void {
  const old = n.nud_state;
  if ((old & (NUD_PERMANENT | NUD_NOARP)) !== 0 && (flags & NEIGH_UPDATE_F_ADMIN) === 0) return;
  let fresh = state;
  let same = (old & NUD_VALID) !== 0;
  for (let i = 0; same && i < 6; i++) same = n.ha[i] === u8[off + i];
  if ((old & NUD_VALID) !== 0 && !same && (flags & NEIGH_UPDATE_F_OVERRIDE) === 0) {
    if ((flags & NEIGH_UPDATE_F_WEAK_OVERRIDE) !== 0 && (old & NUD_CONNECTED) !== 0) n.nud_state = NUD_STALE;
    return;
  }
  if (same && state === NUD_STALE && (flags & NEIGH_UPDATE_F_ADMIN) === 0) fresh = old;
  const now = tbl.net.sim.clock[0];
  if ((fresh & NUD_CONNECTED) !== 0 && fresh === state) n.times[0] = now;
  if (!same) {
    for (let i = 0; i < 6; i++) n.ha[i] = u8[off + i];
    n.times[1] = now;
  }
  n.nud_state = fresh;
  if (((old ^ fresh) & NUD_PERMANENT) !== 0) tbl.gc_entries += (fresh & NUD_PERMANENT) !== 0 ? -1 : 1;
  n.probes = 0;
  if (n.timer !== 0) tbl.net.timers.del_timer(n.timer - 1);
  if (n.arp_queue.qlen !== 0) flush(tbl, n);
}

function flush(tbl: NeighTable, n: Neighbour): void {
  while ((n.nud_state & NUD_VALID) !== 0) {
    const skb = skb_dequeue(n.arp_queue);
    if (skb === null) return;
    n.arp_queue_len_bytes -= skb.truesize;
    neigh_output(tbl, n, skb);
  }
}

/** Drops what waits for neighbours on a device and forgets their addresses (the device went down or changed its own address). */
export function neigh_ifdown(tbl: NeighTable, dev: NetDevice): void {
  for (const n of tbl.entries) {
    if (n === null || n.dev !== dev || (n.nud_state & NUD_PERMANENT) !== 0) continue;
    n.nud_state = NUD_FAILED;
    if (n.timer !== 0) tbl.net.timers.del_timer(n.timer - 1);
    for (let skb = skb_dequeue(n.arp_queue); skb !== null; skb = skb_dequeue(n.arp_queue)) {
      kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED);
    }
    n.arp_queue_len_bytes = 0;
  }
}
