import { describe, expect, it } from 'vitest';
import { ACCT_TIMER_INTERRUPTS, lumpedCosts } from '../../src/cpu/index.js';
import { dmesg, type E1000Adapter, e1000_get_ethtool_stats } from '../../src/driver/index.js';
import { cloneGraph } from '../../src/sim/index.js';
import {
  dev_add_pack,
  dev_close,
  dev_open,
  dev_queue_xmit,
  skb_assert_no_leak,
  skb_check_poison,
} from '../../src/skbuff/index.js';
import { conserved, skbOf } from '../skbuff/support.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine, PEER } from './support.js';

const TCTL = 0x400;
const SECOND = 1_000_000_000;

function send(m: Machine, a: E1000Adapter, n: number, first = 0): void {
  for (let i = 0; i < n; i++) {
    const skb = skbOf(m.net, frameTo(PEER, first + i, 500), 64, 0);
    skb.dev = a.dev;
    dev_queue_xmit(skb);
  }
}

/** The transmitter stops by itself: what a driver cannot know. */
function hang(m: Machine): void {
  m.nics[0].mmioWrite(0, TCTL, m.nics[0].peek(TCTL) & ~2);
}

function passes(m: Machine, seconds: number): void {
  for (let i = 0; i < seconds * 2; i++) m.pass(SECOND / 2);
}

function closesClean(m: Machine, a: E1000Adapter): void {
  dev_close(a.dev);
  m.run();
  skb_assert_no_leak(m.net.pool);
  skb_check_poison(m.net.pool);
  expect(conserved(m.net)).toBe(true);
}

describe.each([
  ['msix', 0],
  ['msi', 0],
  ['msi', 8],
  ['intx', 0],
] as const)('transmitter that hangs, %s, tx_int_delay %d', (interrupts, tx_int_delay) => {
  it('is reported, reset, and sends again; nothing leaks', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts, tx_int_delay });
    send(m, a, 10);
    m.run();
    hang(m);
    send(m, a, 3, 10);
    passes(m, 4 + (tx_int_delay === 0 ? 0 : 2));
    expect([a.tx_hangs, a.dev.tx_queue_stopped, a.resets]).toEqual([1, true, 0]);
    // Packets wait in the queue of the device now.
    send(m, a, 5, 13);
    expect(a.dev.qdisc.queue.qlen).toBe(5);
    passes(m, 6);
    expect([a.resets, a.tx_timeout_count, a.dev.trans_timeout, a.dev.carrier]).toEqual([1, 1, 1, true]);
    const log = dmesg(m.irqs.log);
    for (const text of [
      'eth0: Detected Hardware Unit Hang:',
      '  TDH                  <a>',
      '  TDT                  <d>',
      'eth0: NETDEV WATCHDOG: CPU: 0: transmit queue 0 timed out ',
      'eth0: Reset adapter unexpectedly',
    ])
      expect(log).toContain(text);
    send(m, a, 20, 100);
    m.run();
    const tags = m.peers[0].received.map((r) => r.bytes[14] | (r.bytes[15] << 8));
    expect(tags.slice(-20)).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(e1000_get_ethtool_stats(a)['tx_timeout_count']).toBe(1);
    passes(m, 20);
    expect([a.resets, a.tx_hangs]).toEqual([1, 1]);
    closesClean(m, a);
  });

  it('with a full ring is noticed too', () => {
    const m = new Machine();
    const [a] = m.e1000e({ interrupts, tx_int_delay, tx_ring: 64 });
    hang(m);
    send(m, a, 500);
    expect(a.dev.tx_queue_stopped).toBe(true);
    passes(m, 12);
    expect([a.resets >= 1, a.dev.tx_queue_stopped]).toEqual([true, false]);
    send(m, a, 4, 1000);
    m.run();
    expect(m.peers[0].received.length).toBeGreaterThanOrEqual(4);
    closesClean(m, a);
  });
});

describe('transmitter', () => {
  it('that comes back by itself is not reset', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    hang(m);
    send(m, a, 3);
    passes(m, 4);
    expect([a.tx_hangs, a.dev.tx_queue_stopped]).toEqual([1, true]);
    m.nics[0].mmioWrite(0, TCTL, m.nics[0].peek(TCTL) | 2);
    passes(m, 3);
    expect([a.resets, a.dev.tx_queue_stopped, m.peers[0].received.length]).toEqual([0, false, 3]);
    closesClean(m, a);
  });

  it('paused by the other end does not hang', () => {
    const m = new Machine();
    const [a] = m.e1000e({ pause: 'rx' });
    const xoff = new Uint8Array(60);
    xoff.set([1, 0x80, 0xc2, 0, 0, 1, ...PEER, 0x88, 0x08, 0, 1, 0xff, 0xff]);
    // One pause lasts at most 33.5 ms.
    m.peers[0].play(Array.from({ length: 300 }, (_, i) => ({ time_ns: m.sim.now + i * 30_000_000, bytes: xoff })));
    m.run(m.sim.now + 1_000_000);
    send(m, a, 3);
    m.run(8.5 * SECOND);
    expect([m.peers[0].received.length, a.tx_hangs, a.resets]).toEqual([0, 0, 0]);
    m.pass(SECOND);
    expect(m.peers[0].received.length).toBe(3);
  });

  it('at 10 Mbit/s has 16 s', () => {
    const m = new Machine({ rate: 10_000_000 });
    const [a] = m.e1000e();
    hang(m);
    send(m, a, 3);
    passes(m, 14);
    expect([a.link_speed, a.tx_hangs]).toEqual([10, 0]);
    passes(m, 6);
    expect(a.tx_hangs).toBe(1);
  });

  it('without link: packets on the ring are given up by a reset', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    hang(m);
    send(m, a, 3);
    m.links[0].down();
    passes(m, 3);
    expect([a.resets >= 1, a.tx_hangs, m.net.pool.live]).toEqual([true, 0, 255]);
    m.links[0].up();
    m.run();
    send(m, a, 2);
    m.run();
    expect([a.dev.carrier, m.peers[0].received.length]).toEqual([true, 2]);
    closesClean(m, a);
  });

  it('hanging, a copy of the machine recovers as the original does', () => {
    const m = new Machine({ costs: lumpedCosts, cpus: 2 });
    const [a] = m.e1000e({ interrupts: 'msix' });
    hang(m);
    send(m, a, 3);
    passes(m, 5);
    const copy = cloneGraph(m);
    passes(m, 8);
    passes(copy, 8);
    expect(a.resets).toBe(1);
    expect([copy.sim.digestHex(), dmesg(copy.irqs.log)]).toEqual([m.sim.digestHex(), dmesg(m.irqs.log)]);
  });
});

describe('watchdog', () => {
  it('does not hold the simulation, and finds nothing wrong with an idle device', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    expect(m.sim.now).toBeLessThan(SECOND);
    m.run();
    expect(m.sim.now).toBeLessThan(SECOND);
    const schedules = a.napi.schedules;
    passes(m, 61);
    expect([a.tx_hangs, a.resets, a.dev.trans_timeout, a.napi.schedules - schedules]).toEqual([0, 0, 0, 0]);
    // 30 turns of its own and 12 of the stack's watchdog, 6 of them together.
    const timers = m.cpus.cpus[0].acct[ACCT_TIMER_INTERRUPTS];
    dev_close(a.dev);
    passes(m, 10);
    expect([timers, m.cpus.cpus[0].acct[ACCT_TIMER_INTERRUPTS] - timers]).toEqual([36, 0]);
  });

  it('takes the counters before they stick', () => {
    const m = new Machine();
    const [a] = m.e1000e();
    const at = m.nics[0].registers.findIndex((r) => r.offset === 0x4074);
    for (let i = 0; i < 3; i++) {
      m.nics[0].file.values[at] = -2;
      passes(m, 2);
      expect(m.nics[0].peek(0x4074)).toBe(0);
    }
    expect(e1000_get_ethtool_stats(a)['rx_packets']).toBe(3 * (2 ** 32 - 2));
  });

  it('refills a ring that ran dry while there was no memory', () => {
    const m = new Machine();
    const [a] = m.e1000e({ rx_ring: 64, interrupts: 'msix' });
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    const limit = m.net.pool.limit_bytes;
    const hoard = m.net.pool;
    dev_close(a.dev);
    m.run();
    hoard.limit_bytes = 0;
    const kept = hoard.free.slice();
    hoard.free.fill(null);
    dev_open(a.dev);
    m.run();
    expect([a.alloc_rx_buff_failed > 0, hoard.live]).toEqual([true, 0]);
    hoard.limit_bytes = limit;
    for (let i = 0; i < kept.length; i++) hoard.free[i] = kept[i];
    passes(m, 3);
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect(c.got.length).toBe(1);
  });
});

describe('messages that the chipset ignores', () => {
  const deaf = (m: Machine): void => {
    m.nics[0].port.msiWrite = () => undefined;
  };

  it('the driver falls back to the line, and the device works', () => {
    const m = new Machine();
    deaf(m);
    const [a] = m.e1000e();
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect([a.pdev.msi_enabled, c.got.length]).toEqual([true, 0]);
    m.pass(SECOND / 4);
    expect([a.pdev.msi_enabled, c.got.length, a.msi_test]).toEqual([false, 1, -1]);
    expect(dmesg(m.irqs.log)).toContain('MSI interrupt test failed, using legacy interrupt.');
    expect(dmesg(m.irqs.log)).not.toContain('from IRQ context');
    expect(m.irqs.interrupts()).toMatch(/19-fasteoi +eth0$/m);
    for (let i = 0; i < 100; i++) m.peers[0].send(frameTo(MAC, i));
    m.run();
    expect(c.got.length).toBe(101);
    closesClean(m, a);
    expect(dev_open(a.dev)).toBe(0);
    m.run();
    expect(a.dev.carrier).toBe(true);
  });

  it('one message got lost: the test fires another, and messages stay in use', () => {
    const m = new Machine();
    const { port } = m.nics[0];
    const write = port.msiWrite.bind(port);
    deaf(m);
    const [a] = m.e1000e();
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    port.msiWrite = write;
    expect([a.msi_test >= 0, c.got.length]).toEqual([true, 0]);
    m.pass(SECOND / 2);
    expect([a.pdev.msi_enabled, a.msi_test, c.got.length]).toEqual([true, -1, 1]);
    expect(dmesg(m.irqs.log)).not.toContain('test failed');
  });

  it('closed during the test, it is over', () => {
    const m = new Machine();
    deaf(m);
    const [a] = m.e1000e();
    m.pass(SECOND / 8);
    dev_close(a.dev);
    m.pass(SECOND);
    expect([a.msi_test, a.pdev.msi_enabled]).toEqual([-1, true]);
  });
});

describe('interrupts that cannot be had', () => {
  it('MSI-X refused: MSI, with a line in the log', () => {
    const m = new Machine();
    // A function whose table has two entries only.
    m.nics[0].config.define(0xa2, 2, 1, 0xc000);
    const [a] = m.e1000e({ interrupts: 'msix' });
    expect(dmesg(m.irqs.log)).toContain('Failed to initialize MSI-X interrupts.  Falling back to MSI interrupts.');
    expect([a.vectors, a.pdev.msi_enabled, a.dev.carrier]).toEqual([1, true, true]);
  });

  it('neither MSI-X nor MSI: the line', () => {
    const m = new Machine();
    for (const pdev of m.pci.devices) pdev.no_msi = true;
    const [a] = m.e1000e({ interrupts: 'msix' });
    expect(dmesg(m.irqs.log)).toContain('Failed to initialize MSI interrupts.  Falling back to legacy interrupts.');
    expect([a.vectors, a.pdev.msi_enabled, a.dev.carrier]).toEqual([1, false, true]);
  });
});
