import { type Neighbour, NUD_FAILED, NUD_INCOMPLETE, NUD_NOARP, NUD_PERMANENT, NUD_REACHABLE } from './neighbour.js';
import type { NeighTable } from './table.js';

/** Nothing waits for the entry and no timer of Linux would hold it: one that is being resolved or believed has one (`NUD_IN_TIMER`). */
function unused(tbl: NeighTable, n: Neighbour): boolean {
  if (n.arp_queue.qlen !== 0 || (n.nud_state & (NUD_PERMANENT | NUD_INCOMPLETE)) !== 0) return false;
  return n.nud_state !== NUD_REACHABLE || tbl.net.sim.clock[0] - n.times[0] > tbl.parms.reachable_time_ns;
}

const isDead = (n: Neighbour): boolean => (n.nud_state & (NUD_FAILED | NUD_NOARP)) !== 0;

/** Failed ones first, then the one that was updated longest ago. */
function order(a: Neighbour, b: Neighbour): number {
  const dead = Number(isDead(b)) - Number(isDead(a));
  if (dead !== 0) return dead;
  return a.times[1] === b.times[1] ? a.id - b.id : a.times[1] - b.times[1];
}

/**
 * `neigh_forced_gc`: removes entries nobody uses until gc_thresh2 are left: those that failed, and those not updated since `spare_ns`. Returns
 * how many went.
 */
export function neigh_forced_gc(tbl: NeighTable, spare_ns: number): number {
  const old: Neighbour[] = [];
  for (const n of tbl.entries) {
    if (n !== null && unused(tbl, n) && (isDead(n) || n.times[1] < spare_ns)) old.push(n);
  }
  old.sort(order);
  const room = Math.max(1, tbl.gc_entries - tbl.parms.gc_thresh2);
  if (old.length > room) old.length = room;
  for (const n of old) tbl.remove(n);
  return old.length;
}

/** The part of `neigh_periodic_work` that a simulation needs no clock for: entries that failed go when a new one is made. */
export function neigh_collect_failed(tbl: NeighTable): void {
  for (const n of tbl.entries) if (n !== null && n.nud_state === NUD_FAILED && n.arp_queue.qlen === 0) tbl.remove(n);
}
