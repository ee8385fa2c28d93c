import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cpu, lumpedCosts, spawn, TASK_EXIT, type Task, zeroCosts } from '../../src/cpu/index.js';
import {
  dmesg,
  type E1000Adapter,
  e1000_set_coalesce,
  e1000e_reinit_locked,
  e1000e_resume,
  e1000e_suspend,
  pci_reset_function,
} from '../../src/driver/index.js';
import { cloneGraph } from '../../src/sim/index.js';
import {
  dev_add_pack,
  dev_close,
  dev_open,
  dev_queue_xmit,
  dev_set_mtu,
  type EthtoolOps,
  skb_assert_no_leak,
  skb_check_poison,
} from '../../src/skbuff/index.js';
import type { TimedFrame } from '../../src/wire/index.js';
import { conserved, skbOf } from '../skbuff/support.js';
import { runs } from '../support/fc.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

const ITR = 0xc4;
const IMS = 0xd0;
const RCTL = 0x100;
const TCTL = 0x400;
const RDT = 0x2818;
const TDT = 0x3818;

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

type Op =
  | { kind: 'close' }
  | { kind: 'open' }
  | { kind: 'reset' | 'suspend' | 'resume' | 'bus-reset' | 'test' | 'cable' }
  | { kind: 'rings'; rx: number; tx: number }
  | { kind: 'mtu'; mtu: number }
  | { kind: 'coalesce'; usecs: number };

/** What is done does not matter here, only that nothing breaks. */
function perform(m: Machine, a: E1000Adapter, op: Op): void {
  const ops = a.dev.ethtool_ops as Required<EthtoolOps>;
  if (op.kind === 'close') dev_close(a.dev);
  else if (op.kind === 'open') dev_open(a.dev);
  else if (op.kind === 'reset') e1000e_reinit_locked(a);
  else if (op.kind === 'suspend') e1000e_suspend(a);
  else if (op.kind === 'resume') e1000e_resume(a);
  else if (op.kind === 'bus-reset') {
    if (!a.suspended) pci_reset_function(a.pdev);
  } else if (op.kind === 'test') ops.self_test(a.dev, true);
  else if (op.kind === 'cable') {
    m.links[0].down();
    m.links[0].up();
  } else if (op.kind === 'rings') ops.set_ringparam(a.dev, { rx_pending: op.rx, tx_pending: op.tx });
  else if (op.kind === 'mtu') dev_set_mtu(a.dev, op.mtu);
  else if (op.kind === 'coalesce') e1000_set_coalesce(a, op.usecs);
}

/** A task that does it in a block of its own, on one CPU, which then computes for a while. */
class Doer {
  readonly m: Machine;
  readonly a: E1000Adapter;
  readonly op: Op;
  constructor(m: Machine, a: E1000Adapter, op: Op) {
    this.m = m;
    this.a = a;
    this.op = op;
  }
  step(cpu: Cpu, _task: Task): number {
    cpu.charge(2000);
    perform(this.m, this.a, this.op);
    return TASK_EXIT;
  }
}

const size = fc.constantFrom(64, 72, 128, 256, 512);
const gentle: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constant('rings' as const), rx: size, tx: size }),
  fc.record({ kind: fc.constant('mtu' as const), mtu: fc.constantFrom(1500, 1600, 4000, 9000, 9212) }),
  fc.record({ kind: fc.constant('coalesce' as const), usecs: fc.constantFrom(0, 20, 100) }),
);
const rough: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'reset' as const,
        'suspend' as const,
        'resume' as const,
        'bus-reset' as const,
        'test' as const,
        'cable' as const,
      ),
    }),
  },
  { weight: 4, arbitrary: gentle },
);

function steps(op: fc.Arbitrary<Op>, maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(fc.record({ gap: fc.oneof(fc.nat(3000), fc.nat(60_000)), op, where: fc.constantFrom(-1, 0, 1) }), {
    minLength: 1,
    maxLength,
  });
}

interface Step {
  gap: number;
  op: Op;
  /** CPU, or -1: from outside, in the middle of whatever goes on. */
  where: number;
}

const setting = fc.record({
  interrupts: fc.constantFrom('msix' as const, 'msi' as const, 'intx' as const),
  cpus: fc.constantFrom(1, 2),
  lumped: fc.boolean(),
  rx_usecs: fc.constantFrom(0, 0, 20, 'dynamic' as const),
  tx_int_delay: fc.constantFrom(0, 0, 8),
  ring: fc.constantFrom(64, 256),
  weight: fc.constantFrom(1, 4, 64),
});
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

/** Bytes of host memory that are not packet buffers. */
function otherMemory(m: Machine): number {
  return m.mem.inUse - m.net.pool.held_bytes;
}

function machine(s: Setting): { m: Machine; a: E1000Adapter; echo: Echo } {
  const m = new Machine({ cpus: s.cpus, costs: s.lumped ? lumpedCosts : zeroCosts });
  const { interrupts, rx_usecs, tx_int_delay, weight, ring } = s;
  const [a] = m.e1000e({
    interrupts,
    rx_usecs,
    tx_int_delay,
    tx_abs_int_delay: 4 * tx_int_delay,
    rx_ring: ring,
    tx_ring: ring,
    weight,
  });
  const echo = new Echo(m, a);
  dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: echo });
  return { m, a, echo };
}

function take(m: Machine, a: E1000Adapter, list: readonly Step[]): void {
  for (const { gap, op, where } of list) {
    m.run(m.sim.now + gap);
    if (where < 0) perform(m, a, op);
    else spawn(m.cpus, new Doer(m, a, op), 'doer', where % m.cpus.cpus.length);
  }
}

/** Frames as fast as the wire goes, or with pauses. */
function stream(m: Machine, n: number, gap: number): TimedFrame[] {
  const start = m.sim.now;
  return Array.from({ length: n }, (_, i) => ({
    time_ns: start + i * gap,
    bytes: frameTo(MAC, i, 46 + ((i * 37) % 1400)),
  }));
}

/** Closed, everything is given back, and the device can be used again. */
function endsWell(m: Machine, a: E1000Adapter, echo: Echo): void {
  m.run();
  e1000e_resume(a);
  dev_close(a.dev);
  m.run();
  expect([a.closing, a.opened, a.halted, a.suspended, a.irq]).toEqual([false, false, false, false, 0]);
  // No late write of a poll has reached the chip after its reset.
  expect([IMS, RDT, TDT, RCTL, TCTL].map((r) => m.nics[0].peek(r) & ~8)).toEqual([0, 0, 0, 0, 0]);
  skb_assert_no_leak(m.net.pool);
  skb_check_poison(m.net.pool);
  // Descriptors are all it had besides.
  expect([conserved(m.net), otherMemory(m)]).toEqual([true, 0]);
  expect([...a.napi.diagnostics].every((n) => n === 0)).toBe(true);
  expect([m.net.output_queue.length, a.dev.qdisc.queue.qlen, a.held.qlen]).toEqual([0, 0, 0]);
  expect(dmesg(m.irqs.log)).not.toMatch(/nobody cared|Hardware Error|Unbalanced|already-free|hung/i);
  expect([dev_open(a.dev), a.dev.present]).toEqual([0, true]);
  m.run();
  const before = echo.got.length;
  for (let i = 0; i < 5; i++) m.peers[0].send(frameTo(MAC, i));
  m.run();
  expect([echo.got.length - before, a.dev.carrier]).toEqual([5, true]);
  dev_close(a.dev);
  m.run();
  skb_assert_no_leak(m.net.pool);
}

describe('e1000e taken up and down under traffic', () => {
  it('leaks nothing, touches nothing freed and works again, whatever happens when and on which CPU', () => {
    fc.assert(
      fc.property(setting, fc.constantFrom(700, 3000, 13_000), steps(rough, 25), (s, gap, list) => {
        const { m, a, echo } = machine(s);
        m.peers[0].play(stream(m, 250, gap));
        take(m, a, list);
        endsWell(m, a, echo);
      }),
      { numRuns: runs(80) },
    );
  });

  it('closed at any moment of a burst, from any side, it is quiet at once and opens again', () => {
    fc.assert(
      fc.property(setting, fc.nat(60_000), fc.constantFrom(-1, 0, 1), (s, when, where) => {
        const { m, a, echo } = machine(s);
        m.peers[0].play(stream(m, 60, 700));
        take(m, a, [{ gap: when, op: { kind: 'close' }, where }]);
        m.run();
        const after = echo.got.length;
        m.peers[0].send(frameTo(MAC, 1));
        m.run();
        expect(echo.got.length).toBe(after);
        endsWell(m, a, echo);
      }),
      { numRuns: runs(60) },
    );
  });

  it('copied in the middle, the copy does to the bit what the original does', () => {
    const s: Setting = {
      interrupts: 'msix',
      cpus: 2,
      lumped: true,
      rx_usecs: 'dynamic',
      tx_int_delay: 0,
      ring: 64,
      weight: 4,
    };
    const { m, a } = machine(s);
    const list: Step[] = [
      { gap: 40_000, op: { kind: 'rings', rx: 512, tx: 128 }, where: 1 },
      { gap: 30_000, op: { kind: 'reset' }, where: 0 },
      { gap: 30_000, op: { kind: 'mtu', mtu: 9000 }, where: -1 },
    ];
    m.peers[0].play(stream(m, 250, 3000));
    take(m, a, list.slice(0, 1));
    const copy = cloneGraph({ m, a });
    take(m, a, list.slice(1));
    take(copy.m, copy.a, list.slice(1));
    m.run();
    copy.m.run();
    expect([copy.m.sim.digestHex(), copy.m.sim.now]).toEqual([m.sim.digestHex(), m.sim.now]);
  });
});

describe('a reset while another CPU', () => {
  it('has a register write on its way: it does not land in the new life of the device', () => {
    const s: Setting = { interrupts: 'msi', cpus: 2, lumped: true, rx_usecs: 0, tx_int_delay: 0, ring: 64, weight: 4 };
    const { m, a, echo } = machine(s);
    spawn(m.cpus, new Doer(m, a, { kind: 'coalesce', usecs: 100 }), 'doer', 1);
    m.run(m.sim.now + 300);
    expect([a.moderation.register, m.nics[0].peek(ITR)]).toEqual([390, 0]);
    e1000_set_coalesce(a, 20);
    e1000e_reinit_locked(a);
    m.run();
    expect(m.nics[0].peek(ITR)).toBe(78);
    endsWell(m, a, echo);
  });

  it('polls, new rings wait, and then it is closed: nothing is forgotten', () => {
    const s: Setting = { interrupts: 'msi', cpus: 1, lumped: true, rx_usecs: 0, tx_int_delay: 0, ring: 64, weight: 64 };
    const { m, a, echo } = machine(s);
    m.peers[0].play(stream(m, 30, 700));
    for (let t = m.sim.now; a.poll.work < 2; t += 100) m.run(t);
    perform(m, a, { kind: 'rings', rx: 512, tx: 512 });
    perform(m, a, { kind: 'rings', rx: 1024, tx: 1024 });
    expect([a.closing, a.next_rx_ring?.count, a.rx_ring.count]).toEqual([true, 1024, 64]);
    perform(m, a, { kind: 'close' });
    endsWell(m, a, echo);
    expect([a.rx_ring.count, a.tx_ring.count]).toEqual([1024, 1024]);
  });
});

describe('rings, MTU and moderation changed under traffic', () => {
  it('packets that wait on the ring or in the queue go out in order, whatever the sizes', () => {
    fc.assert(
      fc.property(
        setting,
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.tuple(fc.nat(100_000), size), { maxLength: 6 }),
        (s, n, changes) => {
          const { m, a, echo } = machine(s);
          for (let i = 0; i < n; i++) {
            const skb = skbOf(m.net, frameTo(PEER, i, 46 + ((i * 53) % 1400)), 64, 0);
            skb.dev = a.dev;
            dev_queue_xmit(skb);
          }
          for (const [gap, tx] of changes) take(m, a, [{ gap, op: { kind: 'rings', rx: 256, tx }, where: -1 }]);
          m.run();
          const tags = m.peers[0].received.map((r) => r.bytes[14] | (r.bytes[15] << 8));
          expect(tags).toEqual(Array.from({ length: n }, (_, i) => i));
          expect(a.dev.stats.tx_packets).toBe(n);
          endsWell(m, a, echo);
        },
      ),
      { numRuns: runs(60) },
    );
  });

  it('lose no frame in either direction, and keep the order', () => {
    fc.assert(
      fc.property(setting, fc.constantFrom(2000, 13_000), steps(gentle, 25), (s, gap, list) => {
        const { m, a, echo } = machine(s);
        m.peers[0].play(stream(m, 200, gap));
        take(m, a, list);
        m.run();
        const lost = m.nics[0].dropRecord();
        const tags = echo.got.map((g) => g[0] | (g[1] << 8));
        expect(tags).toEqual([...tags].sort((x, y) => x - y));
        expect(tags.length + (lost['NIC_MISSED'] ?? 0)).toBe(200);
        expect(Object.keys(lost).filter((name) => name !== 'NIC_MISSED')).toEqual([]);
        expect(m.peers[0].received.map((r) => r.bytes[14] | (r.bytes[15] << 8))).toEqual(tags);
        expect([a.resets, a.rx_frame_errors, a.tx_hangs]).toEqual([0, 0, 0]);
        endsWell(m, a, echo);
      }),
      { numRuns: runs(60) },
    );
  });
});
