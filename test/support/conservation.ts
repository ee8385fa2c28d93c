import { expect } from 'vitest';
import type { Host, HostNic, Network } from '../../src/host/index.js';
import {
  NIC_RX_ERROR,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkBuffHead,
  skb_check_poison,
  skb_live,
} from '../../src/skbuff/index.js';

const E1000_RXD_STAT_DD = 1;
/** Receive drops of the chip, by number: `src/hw/nic/drops.ts`; those above are of the transmit side. */
const NIC_RECEIVE_DROPS = 6;

/** Where the frames that came to a host are. All but `pending` are totals since the start. */
export interface Ledger {
  /** Frames handed to its NICs by the wire. */
  arrived: number;
  /** Frames that died in a NIC, with a reason each. */
  nicDrops: number;
  /** Frames in a receive FIFO. */
  fifo: number;
  /** Frames that became an skb. */
  received: number;
  /** Frames that the driver refused (NIC_RX_ERROR). */
  rejected: number;
  /** Frames written to the ring that no poll has seen yet. */
  pending: number;
  /** Frames in the ring, not yet polled, when the device was closed (DEV_READY). */
  purged: number;
  /** skbs freed after use, dropped, and in use (rings, queues). */
  consumed: number;
  dropped: number;
  live: number;
}

/**
 * Nothing is lost without a name (DESIGN §5): frames in = became skbs + drops by reason + in flight at every hand-over from the wire to the
 * sockets; every skb in use hangs where the stack keeps skbs; no drop is NOT_SPECIFIED; freed buffers are unwritten (checked mode).
 */
export function assertConservation(host: Host): Ledger {
  const { net } = host;
  const { pool } = net;
  const ledger: Ledger = {
    arrived: 0,
    nicDrops: 0,
    fifo: 0,
    received: 0,
    rejected: net.drops[NIC_RX_ERROR],
    pending: 0,
    purged: 0,
    consumed: pool.consumed,
    dropped: pool.dropped,
    live: pool.live,
  };
  for (const nic of host.nics) addNic(host, nic, ledger);
  const { arrived, nicDrops, fifo, received, rejected, pending, purged } = ledger;
  expect(arrived, `${host.name}: frames in the NICs`).toBe(nicDrops + fifo + received + rejected + pending + purged);
  expect(pool.allocated, `${host.name}: skbs`).toBe(pool.consumed + pool.dropped + pool.live);
  let reasons = 0;
  for (const n of net.drops) reasons += n;
  expect(reasons, `${host.name}: drops with a reason`).toBe(pool.dropped + rejected);
  expect(net.drops[SKB_DROP_REASON_NOT_SPECIFIED], `${host.name}: NOT_SPECIFIED`).toBe(0);
  const live = skb_live(pool).map((s) => s.id);
  expect(live, `${host.name}: skbs that hang nowhere are leaks`).toEqual(heldSkbs(host));
  expect(live.length).toBe(pool.live);
  skb_check_poison(pool);
  return ledger;
}

/** {@link assertConservation} for every host, and the same for every link: sent + copied = delivered + lost + in flight. */
export function assertNetwork(net: Network): void {
  for (const host of net.hosts.values()) assertConservation(host);
  let inFlight = 0;
  for (const link of net.links) {
    for (const port of [link.a, link.b]) {
      const s = port.stats();
      const lost = Object.values(s.drops).reduce((a, b) => a + b, 0);
      expect(s.sent + s.duplicated, `${link.name} ${port.direction}`).toBe(s.delivered + lost + s.inFlight);
      inFlight += s.inFlight;
    }
  }
  let onChip = 0;
  for (const host of net.hosts.values()) for (const nic of host.nics) onChip += nic.chip.receiveInFlight();
  if (inFlight === 0 && onChip === 0) net.frames.assertNoLeaks();
}

function addNic(host: Host, nic: HostNic, ledger: Ledger): void {
  const { chip } = nic;
  const from = nic.port === null ? 0 : nic.port.peer.stats().delivered;
  expect(chip.arrived[0], `${host.name} ${nic.name}: wire to NIC`).toBe(from);
  ledger.arrived += chip.arrived[0];
  for (let i = 0; i < NIC_RECEIVE_DROPS; i++) ledger.nicDrops += chip.drops[i];
  ledger.fifo += chip.receiveInFlight();
  ledger.received += nic.dev.stats.rx_packets;
  const adapter = host.driver.adapters[host.nics.indexOf(nic)];
  const ring = adapter.rx_ring;
  let pending = 0;
  const { i32 } = host.net.arena;
  for (let i = ring.next_to_clean, n = 0; ring.dma !== 0 && n < ring.count; n++) {
    if ((i32[((ring.dma + i * 16) >> 2) + 2] & E1000_RXD_STAT_DD) === 0) break;
    pending++;
    i = i + 1 === ring.count ? 0 : i + 1;
  }
  ledger.pending += pending;
  ledger.purged += ring.purged;
}

/** Ids of the skbs in rings, device queues, neighbour queues, backlogs, reassembly and sockets, in order. */
function heldSkbs(host: Host): number[] {
  const ids = new Set<number>();
  const chain = (first: SkBuff | null | undefined): void => {
    for (let skb = first ?? null; skb !== null; skb = skb.next) {
      ids.add(skb.id);
      chain(skb.frag_list);
    }
  };
  const queue = (head: SkBuffHead): void => chain(head.first);
  for (const adapter of host.driver.adapters) {
    for (const skb of [...adapter.rx_ring.skbs, ...adapter.tx_ring.skbs]) {
      if (skb === null) continue;
      ids.add(skb.id);
      chain(skb.frag_list);
    }
  }
  for (const dev of host.net.devices) if (dev !== null) queue(dev.qdisc.queue);
  for (const tbl of [host.inet.arp.tbl, host.inet.ipv6.tbl])
    for (const n of tbl.entries) if (n !== null) queue(n.arp_queue);
  for (const sd of host.napi.data) {
    queue(sd.input_pkt_queue);
    queue(sd.process_queue);
  }
  for (const table of [host.inet.ipv4.frags, host.inet.ipv6.frags]) {
    for (let q = table.oldest; q !== null; q = q.newer) for (const run of q.runs) chain(run);
  }
  for (const first of host.inet.udp.table.hash) {
    for (let sk = first; sk !== null; sk = sk.hash_next) queue(sk.receive_queue);
  }
  return [...ids].sort((a, b) => a - b);
}
