import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lumpedCosts, zeroCosts } from '../../src/cpu/index.js';
import type { E1000Adapter } from '../../src/driver/index.js';
import { cloneGraph } from '../../src/sim/index.js';
import {
  dev_add_pack,
  dev_close,
  dev_queue_xmit,
  drops_by_reason,
  skb_assert_no_leak,
  skb_check_poison,
} from '../../src/skbuff/index.js';
import type { TimedFrame } from '../../src/wire/index.js';
import { conserved, skbOf } from '../skbuff/support.js';
import { runs } from '../support/fc.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

const IMS = 0xd0;
/** TXDW, LSC, RXSEQ, RXDMT0, RXT0; with MSI-X RXQ0, TXQ0, OTHER and LSC: what the driver enables. */
const ENABLED = { msix: 0x01500004, msi: 0x9d, intx: 0x9d };

/** Sends what it gets back to the peer, at once, from the softirq. */
class Echo extends Collector {
  readonly m: Machine;
  readonly a: E1000Adapter;
  constructor(m: Machine, a: E1000Adapter) {
    super();
    this.m = m;
    this.a = a;
  }
  override rcv(skb: Parameters<Collector['rcv']>[0]): number {
    const tag = this.m.net.arena.dv.getUint16(skb.data, true);
    const length = skb.len;
    super.rcv(skb);
    const out = skbOf(this.m.net, frameTo(PEER, tag, length), 64, 0);
    out.dev = this.a.dev;
    dev_queue_xmit(out);
    return 0;
  }
}

const scenario = fc.record({
  frames: fc.array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.nat(2000), fc.nat(200_000)),
      length: fc.integer({ min: 46, max: 1500 }),
    }),
    {
      maxLength: 120,
    },
  ),
  interrupts: fc.constantFrom('msix' as const, 'msi' as const, 'intx' as const),
  cpus: fc.constantFrom(1, 2),
  lumped: fc.boolean(),
  rx_usecs: fc.constantFrom(0, 0, 20, 100, 'dynamic' as const),
  rx_int_delay: fc.constantFrom(0, 0, 10),
  tx_int_delay: fc.constantFrom(0, 0, 8),
  ring: fc.constantFrom(64, 256),
  weight: fc.constantFrom(1, 4, 64),
});

describe('e1000e under any load', () => {
  it('comes to rest with empty rings, idle NAPI and its interrupt enabled, and accounts for every frame', () => {
    fc.assert(
      fc.property(scenario, (s) => {
        const m = new Machine({ cpus: s.cpus, costs: s.lumped ? lumpedCosts : zeroCosts });
        const { rx_usecs, rx_int_delay, tx_int_delay, interrupts, weight } = s;
        const [a] = m.e1000e({
          interrupts,
          rx_usecs,
          rx_int_delay,
          rx_abs_int_delay: 2 * rx_int_delay,
          tx_int_delay,
          tx_abs_int_delay: 4 * tx_int_delay,
          rx_ring: s.ring,
          tx_ring: s.ring,
          weight,
        });
        const echo = new Echo(m, a);
        dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: echo });
        let time_ns = 0;
        const frames: TimedFrame[] = s.frames.map((f, i) => {
          time_ns += f.gap;
          return { time_ns, bytes: frameTo(MAC, i, f.length) };
        });
        m.peers[0].play(frames);
        m.run();

        const lost = m.nics[0].dropRecord()['NIC_MISSED'] ?? 0;
        expect(echo.got.length + lost).toBe(frames.length);
        const tags = echo.got.map((g) => g[0] | (g[1] << 8));
        expect(tags).toEqual([...tags].sort((x, y) => x - y));
        expect(m.peers[0].received.map((r) => r.bytes[14] | (r.bytes[15] << 8))).toEqual(tags);
        expect(m.nics[0].peek(IMS) & ENABLED[interrupts]).toBe(ENABLED[interrupts]);
        expect(a.napi.state & 3).toBe(0);
        expect([...a.napi.diagnostics].every((n) => n === 0)).toBe(true);
        expect(a.tx_ring.next_to_clean).toBe(a.tx_ring.next_to_use);
        expect([m.nics[0].receiveInFlight(), m.net.output_queue.length, a.dev.qdisc.queue.qlen]).toEqual([0, 0, 0]);
        expect([conserved(m.net), drops_by_reason(m.net), m.irqs.stray]).toEqual([true, {}, 0]);
        dev_close(a.dev);
        m.run();
        skb_assert_no_leak(m.net.pool);
        skb_check_poison(m.net.pool);
      }),
      { numRuns: runs(60) },
    );
  });

  it('copied in mid-transfer, the copy does to the bit what the original does', () => {
    const m = new Machine({ costs: lumpedCosts, cpus: 2 });
    const [a] = m.e1000e({ rx_usecs: 20 });
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: new Echo(m, a) });
    m.peers[0].play(Array.from({ length: 300 }, (_, i) => ({ time_ns: i * 3000, bytes: frameTo(MAC, i, 46 + i) })));
    m.run(m.sim.now + 400_000);
    const copy = cloneGraph(m);
    const before = m.peers[0].received.length;
    expect([before > 20, before < 280]).toEqual([true, true]);
    m.run();
    expect(copy.peers[0].received.length).toBe(before);
    copy.run();
    expect(copy.peers[0].received).toEqual(m.peers[0].received);
    expect(m.peers[0].received.length).toBe(300);
    expect(copy.sim.digestHex()).toBe(m.sim.digestHex());
    expect(copy.sim.now).toBe(m.sim.now);
  });
});
