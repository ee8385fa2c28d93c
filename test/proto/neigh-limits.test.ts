import { describe, expect, it } from 'vitest';
import { arp_emit, in6_from_bytes, in6_new, nd_emit } from '../../src/proto/index.js';
import type { Neighbour, NeighTable } from '../../src/proto/neigh/index.js';
import { Simulation } from '../../src/sim/index.js';
import { AF_INET6, EINVAL, formatIp, parseIp, parseIpv6 } from '../../src/uapi/index.js';
import { frame6, withChecksum } from './packets.js';
import { drops, empty, eth, host, MAC_A, MAC_B, sendto, settle, single, socket, type World } from './support.js';

const BASE = parseIp('10.0.1.0');
const wide = (): World => host(new Simulation({ seed: 7 }), 1, MAC_A, ['10.0.0.1/16', 'fd00::1/64']);

function arpRequest(w: World, from: number): void {
  const bytes = new Uint8Array(28);
  arp_emit(new DataView(bytes.buffer), 0, {
    hrd: 1,
    pro: 0x0800,
    hln: 6,
    pln: 4,
    op: 1,
    sha: Uint8Array.from(MAC_B),
    spa: from,
    tha: new Uint8Array(6),
    tpa: parseIp('10.0.0.1'),
  });
  w.fake.receive(eth(0x0806, bytes, [255, 255, 255, 255, 255, 255], MAC_B));
}

function solicitation(w: World, from: string): void {
  const bytes = new Uint8Array(32);
  const target = in6_from_bytes(parseIpv6('fd00::1'), 0, in6_new());
  nd_emit(new DataView(bytes.buffer), 0, { type: 135, check: 0, flags: 0, target, lladdr: Uint8Array.from(MAC_B) });
  const daddr = 'ff02::1:ff00:1';
  w.fake.receive(frame6(withChecksum(bytes, 2, from, daddr, 58), { saddr: from, daddr, nexthdr: 58, hop_limit: 255 }));
}

/** Every entry is found by its key and nothing else is, and the counts are those of the entries. */
function consistent(w: World, tbl: NeighTable): void {
  const entries = tbl.entries.filter((n) => n !== null);
  expect(tbl.count).toBe(entries.length);
  for (const n of entries) expect(tbl.lookup6(n.key, w.dev)).toBe(n);
  let chained = 0;
  for (const bucket of tbl.buckets) for (let n = bucket; n !== null; n = n.next) chained++;
  expect(chained).toBe(entries.length);
}

/** Timers made and not freed. */
function countTimers(w: World): () => number {
  const { timers } = w.net;
  const live = new Set<number>();
  const create = timers.createTimer.bind(timers);
  const free = timers.freeTimer.bind(timers);
  timers.createTimer = (...args): number => {
    const id = create(...args);
    live.add(id);
    return id;
  };
  timers.freeTimer = (id): void => {
    live.delete(id);
    free(id);
  };
  return () => live.size;
}

describe('a table of neighbours', () => {
  it('empty, 3000 ARP requests at once: 1024 are kept and answered', () => {
    const w = wide();
    const { tbl } = w.inet.arp;
    for (let i = 0; i < 3000; i++) arpRequest(w, BASE + i);
    expect([tbl.count, tbl.table_fulls, w.fake.sent.length]).toEqual([1024, 3000 - 1024, 1024]);
    arpRequest(w, BASE);
    expect(w.fake.sent.length).toBe(1025);
    consistent(w, tbl);
  });

  it('empty, 3000 solicitations at once: 1024 are kept and answered', () => {
    const w = wide();
    for (let i = 1; i <= 3000; i++) solicitation(w, `fd00::1:${i.toString(16)}`);
    expect([w.inet.ipv6.tbl.count, w.fake.sent.length]).toEqual([1024, 1024]);
    consistent(w, w.inet.ipv6.tbl);
  });

  it('full of entries 6 s old, one more: the oldest go until 512 are left', () => {
    const w = wide();
    const { tbl } = w.inet.arp;
    w.inet.addNeighbour(w.dev, '10.0.200.1', '02:00:00:00:00:09');
    for (let i = 0; i < 1023; i++) arpRequest(w, BASE + i);
    w.sim.advanceTo(w.sim.now + 1e9);
    arpRequest(w, BASE + 1023);
    // Age decides, not the order in which they were made.
    (tbl.lookup4(BASE + 1022, w.dev) as Neighbour).times[1] = -1;
    w.sim.advanceTo(w.sim.now + 6e9);
    arpRequest(w, BASE + 5000);
    expect([tbl.gc_entries, tbl.count, tbl.forced_gc_runs]).toEqual([513, 514, 1]);
    for (const i of [1022, 0, 510]) expect(tbl.lookup4(BASE + i, w.dev)).toBeNull();
    for (const i of [511, 1021]) expect(tbl.lookup4(BASE + i, w.dev)).not.toBeNull();
    expect(tbl.lookup4(BASE + 1023, w.dev)).not.toBeNull();
    expect(tbl.lookup4(parseIp('10.0.200.1'), w.dev)).not.toBeNull();
    consistent(w, tbl);
  });

  it('full, a permanent neighbour: taken', () => {
    const w = wide();
    for (let i = 0; i < 1024; i++) arpRequest(w, BASE + i);
    w.inet.addNeighbour(w.dev, '10.0.200.1', '02:00:00:00:00:09');
    expect([w.inet.arp.tbl.count, w.inet.arp.tbl.gc_entries]).toEqual([1025, 1024]);
  });

  it('full of searches, nine more datagrams: dropped with a reason and counted; when they have failed there is room again', () => {
    const w = wide();
    const timers = countTimers(w);
    const { tbl } = w.inet.arp;
    // One send buffer does not hold them all.
    const sockets = Array.from({ length: 11 }, () => socket(w));
    const send = (i: number): number => sendto(sockets[Math.floor(i / 100)], Uint8Array.of(1), formatIp(BASE + i), 7);
    for (let i = 0; i < 1024; i++) expect(send(i)).toBe(1);
    // Without IP_RECVERR udp_send_skb() tells nobody of ENOBUFS but the counter.
    for (let i = 1024; i < 1033; i++) expect(send(i)).toBe(1);
    expect(w.inet.snmp()['Udp']['SndbufErrors']).toBe(9);
    expect(drops(w)).toEqual({ NEIGH_CREATEFAIL: 9 });
    expect([tbl.table_fulls, timers()]).toEqual([9, 1024]);
    settle(w.sim, 5e9);
    expect(sendto(socket(w), Uint8Array.of(1), formatIp(BASE + 3000), 7)).toBe(1);
    expect([tbl.count, timers()]).toEqual([513, 513]);
    consistent(w, tbl);
    settle(w.sim, 5e9);
    for (const sk of sockets) sk.release();
    empty(w);
  });

  it('full of searches, one more IPv6 datagram: EINVAL and a reason', () => {
    const w = single();
    const sk = socket(w, AF_INET6);
    w.inet.ipv6.tbl.parms.gc_thresh3 = 2;
    for (let i = 1; i <= 2; i++) expect(sendto(sk, Uint8Array.of(1), `fd00::9:${i}`, 7)).toBe(1);
    expect(sendto(sk, Uint8Array.of(1), 'fd00::9:3', 7)).toBe(-EINVAL);
    expect(drops(w)['NEIGH_CREATEFAIL']).toBe(1);
    expect(w.inet.snmp()['Ip6']['OutNoRoutes']).toBe(1);
    sk.release();
    settle(w.sim, 9e9);
    empty(w);
  });
});
