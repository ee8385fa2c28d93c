import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dmesg, type E1000Adapter, e1000eLinuxDefaults } from '../../src/driver/index.js';
import {
  ADVERTISED_100baseT_Full,
  ADVERTISED_1000baseT_Full,
  ADVERTISED_Autoneg,
  DUPLEX_FULL,
  DUPLEX_HALF,
  dev_add_pack,
  dev_close,
  dev_open,
  ETH_SS_STATS,
  ETH_SS_TEST,
  type EthtoolOps,
  ethtool_stats,
  SPEED_UNKNOWN,
  WAKE_MAGIC,
  WAKE_PHY,
} from '../../src/skbuff/index.js';
import { runs } from '../support/fc.js';
import { Collector, ETH_P_TEST, frameTo, MAC, Machine } from './support.js';

type Ops = Required<EthtoolOps>;

function opened(options: Parameters<Machine['e1000e']>[0] = {}): { m: Machine; a: E1000Adapter; ops: Ops } {
  const m = new Machine();
  const [a] = m.e1000e(options);
  return { m, a, ops: a.dev.ethtool_ops as Ops };
}

describe('ethtool -i, -S, -d, -e', () => {
  it('driver information names driver, firmware and bus address', () => {
    const { a, ops } = opened();
    const info = ops.get_drvinfo(a.dev);
    expect([info.driver, info.bus_info, info.n_stats, info.testinfo_len]).toEqual(['e1000e', '0000:00:03.0', 53, 3]);
    expect(info.fw_version).toMatch(/^\d+\.\d+-\d+$/);
  });

  it('statistics have the names and order of the kernel driver', () => {
    const { a, ops } = opened();
    const names = ops.get_strings(a.dev, ETH_SS_STATS);
    expect([names[0], names[8], names[19], names[29], names[52]]).toEqual([
      'rx_packets',
      'rx_errors',
      'tx_aborted_errors',
      'tx_restart_queue',
      'tx_hwtstamp_skipped',
    ]);
    expect([new Set(names).size, names.every((n) => n.length < 32)]).toEqual([53, true]);
    expect(ops.get_strings(a.dev, ETH_SS_TEST).length).toBe(3);
  });

  it('statistics survive a close, which resets the chip', () => {
    const { m, a } = opened();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: new Collector() });
    for (let i = 0; i < 7; i++) m.peers[0].send(frameTo(MAC, i, 100));
    m.run();
    dev_close(a.dev);
    expect(m.nics[0].peek(0x4074)).toBe(0);
    expect(ethtool_stats(a.dev)).toMatchObject({ rx_packets: 7, rx_bytes: 7 * 118, rx_missed_errors: 0 });
    dev_open(a.dev);
    m.run();
    m.peers[0].send(frameTo(Uint8Array.of(255, 255, 255, 255, 255, 255), 9));
    m.run();
    expect(ethtool_stats(a.dev)).toMatchObject({ rx_packets: 8, rx_broadcast: 1 });
  });

  it('octets beyond 32 bits are counted', () => {
    const { m, a } = opened();
    const at = m.nics[0].registers.findIndex((r) => r.offset === 0x4088);
    m.nics[0].file.values[at] = -1;
    m.nics[0].file.values[at + 1] = 2;
    expect(ethtool_stats(a.dev)).toMatchObject({ rx_bytes: 3 * 2 ** 32 - 1 });
    expect(ethtool_stats(a.dev)).toMatchObject({ rx_bytes: 3 * 2 ** 32 - 1 });
  });

  it('register dump is that of the chip, in the order ethtool decodes', () => {
    const { m, a, ops } = opened();
    const { version, data } = ops.get_regs(a.dev);
    expect([version >>> 24, version & 0xffff, data.length]).toEqual([1, 0x10d3, 32]);
    const offsets = [0x0, 0x8, 0x100, 0x2808, 0x2810, 0x2818, 0x2820, 0x400, 0x3808, 0x3810, 0x3818, 0x3820];
    expect([...data.subarray(0, 12)]).toEqual(offsets.map((o) => m.nics[0].peek(o)));
    expect(data[3]).toBe(256 * 16);
  });

  it('NVM dump sums to BABA and starts with the address', () => {
    const { a, ops } = opened();
    const bytes = ops.get_eeprom(a.dev);
    let sum = 0;
    for (let i = 0; i < bytes.length; i += 2) sum += bytes[i] | (bytes[i + 1] << 8);
    expect([sum & 0xffff, [...bytes.subarray(0, 6)]]).toEqual([0xbaba, [...MAC]]);
  });
});

describe('ethtool -c, -C', () => {
  const tried = (usecs: number): [number, number, number] => {
    const { m, a, ops } = opened();
    const err = ops.set_coalesce(a.dev, { rx_coalesce_usecs: usecs });
    return [err, m.nics[0].peek(0xc4), ops.get_coalesce(a.dev).rx_coalesce_usecs];
  };
  it.each([
    // us, result, ITR, what -c shows then: the rate is a whole number, rounded down to a multiple of 4
    [0, 0, 0, 0],
    [1, 0, 195, 1],
    [2, -22, 0, 0],
    [3, 0, 195, 3],
    [4, 0, 59058, 4],
    [5, -22, 0, 0],
    [9, -22, 0, 0],
    [10, 0, 39, 10],
    [30, 0, 117, 30],
    [100, 0, 390, 100],
    [10000, 0, 39062, 10000],
    [10001, -22, 0, 0],
    [-1, -22, 0, 0],
    [50.5, -22, 0, 0],
    [NaN, -22, 0, 0],
  ])('%d us', (usecs, result, itr, shown) => {
    expect(tried(usecs)).toEqual([result, itr, shown]);
  });

  it('an interval no mode', () => {
    for (const usecs of [10, 11, 13, 30, 33, 77, 1000, 9999, 10000]) {
      const rate = Math.floor(1e6 / usecs);
      expect(tried(usecs)).toEqual([0, Math.floor(1e9 / (rate * 256)), Math.floor(1e6 / (rate - (rate % 4)))]);
    }
  });
});

describe('ethtool -g, -G', () => {
  it('sizes are shown, clamped and rounded up', () => {
    const { a, ops } = opened({ rx_ring: 128 });
    expect(ops.get_ringparam(a.dev)).toEqual({
      rx_max_pending: 4096,
      tx_max_pending: 4096,
      rx_pending: 128,
      tx_pending: 256,
    });
    expect(ops.set_ringparam(a.dev, { rx_pending: 1, tx_pending: 1e9 })).toBe(0);
    expect([a.rx_ring.count, a.tx_ring.count]).toEqual([64, 4096]);
    expect(ops.set_ringparam(a.dev, { rx_pending: 65, tx_pending: 4095 })).toBe(0);
    expect([a.rx_ring.count, a.tx_ring.count]).toEqual([72, 4096]);
    expect(ops.set_ringparam(a.dev, { rx_pending: Number.NaN, tx_pending: 64 })).toBe(-22);
  });

  it('closed device takes them when it opens', () => {
    const { m, a, ops } = opened();
    dev_close(a.dev);
    const inUse = m.mem.inUse;
    ops.set_ringparam(a.dev, { rx_pending: 512, tx_pending: 1024 });
    expect([m.mem.inUse, ops.get_ringparam(a.dev).rx_pending]).toEqual([inUse, 512]);
    dev_open(a.dev);
    m.run();
    expect([m.nics[0].peek(0x2808), m.nics[0].peek(0x3808)]).toEqual([512 * 16, 1024 * 16]);
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect(a.dev.stats.rx_packets).toBe(1);
  });

  it('no memory for a ring: -ENOMEM, and nothing has changed', () => {
    const { m, a, ops } = opened();
    const alloc = m.mem.alloc.bind(m.mem);
    const inUse = m.mem.inUse;
    let calls = 0;
    m.mem.alloc = (size, align) => (++calls === 2 ? 0 : alloc(size, align));
    expect(ops.set_ringparam(a.dev, { rx_pending: 512, tx_pending: 512 })).toBe(-12);
    m.mem.alloc = alloc;
    expect([m.mem.inUse, a.down, a.rx_ring.count, ops.get_ringparam(a.dev).rx_pending]).toEqual([
      inUse,
      false,
      256,
      256,
    ]);
  });

  it('any sizes one after the other give all memory back at the end', () => {
    const size = fc.integer({ min: 0, max: 5000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(size, size, fc.boolean()), { maxLength: 8 }), (steps) => {
        const m = new Machine();
        const before = m.mem.inUse;
        const [a] = m.e1000e();
        const ops = a.dev.ethtool_ops as Ops;
        for (const [rx_pending, tx_pending, flip] of steps) {
          if (flip && a.opened) dev_close(a.dev);
          else if (flip) dev_open(a.dev);
          expect(ops.set_ringparam(a.dev, { rx_pending, tx_pending })).toBe(0);
          const { rx_pending: rx, tx_pending: tx } = ops.get_ringparam(a.dev);
          for (const [want, got] of [
            [rx_pending, rx],
            [tx_pending, tx],
          ]) {
            expect([got % 8, got >= 64 && got <= 4096]).toEqual([0, true]);
            if (want >= 64 && want <= 4096) expect(got - want >= 0 && got - want < 8).toBe(true);
          }
        }
        dev_close(a.dev);
        m.run();
        expect(m.mem.inUse - before).toBe(m.net.pool.held_bytes);
      }),
      { numRuns: runs(40) },
    );
  });
});

describe('ethtool DEV, -s, -r', () => {
  it('link settings follow the link', () => {
    const { m, a, ops } = opened();
    const up = ops.get_link_ksettings(a.dev);
    expect([up.speed, up.duplex, up.autoneg, ops.get_link(a.dev)]).toEqual([1000, DUPLEX_FULL, true, true]);
    expect(up.advertising & up.supported).toBe(up.advertising);
    expect(up.lp_advertising & ADVERTISED_100baseT_Full).not.toBe(0);
    m.links[0].down();
    m.run();
    const down = ops.get_link_ksettings(a.dev);
    expect([down.speed, down.lp_advertising, ops.get_link(a.dev)]).toEqual([SPEED_UNKNOWN, 0, false]);
  });

  it('what is offered is written to the PHY, 1000 Mbit/s only if it is among it', () => {
    const { m, a, ops } = opened();
    const now = ops.get_link_ksettings(a.dev);
    expect(ops.set_link_ksettings(a.dev, { ...now, advertising: ADVERTISED_100baseT_Full })).toBe(0);
    m.run();
    expect([m.nics[0].phy.registers[4] & 0x01e0, m.nics[0].phy.registers[9] & 0x300]).toEqual([0x0100, 0]);
    expect(ops.set_link_ksettings(a.dev, { ...now, advertising: ADVERTISED_1000baseT_Full })).toBe(0);
    m.run();
    expect([m.nics[0].phy.registers[4] & 0x01e0, m.nics[0].phy.registers[9] & 0x300]).toEqual([0, 0x200]);
    expect([a.resets, a.dev.carrier]).toEqual([2, true]);
  });

  it('a forced speed of 10 or 100 goes to MAC and PHY; 1000 is negotiated all the same; others are refused', () => {
    const { m, a, ops } = opened();
    const now = ops.get_link_ksettings(a.dev);
    const force = (speed: number, duplex: number): number =>
      ops.set_link_ksettings(a.dev, { ...now, autoneg: false, speed, duplex });
    expect(force(100, DUPLEX_FULL)).toBe(0);
    m.run();
    expect([m.nics[0].peek(0) & 0x1b21, m.nics[0].phy.registers[0] & 0x3140]).toEqual([0x1901, 0x2100]);
    expect([ops.get_link_ksettings(a.dev).advertising & ADVERTISED_Autoneg, ops.nway_reset(a.dev)]).toEqual([0, -22]);
    expect([force(1000, DUPLEX_HALF), force(2500, DUPLEX_FULL), force(10, 7)]).toEqual([-22, -22, -22]);
    expect(dmesg(m.irqs.log)).toContain('Unsupported Speed/Duplex configuration');
    expect(force(1000, DUPLEX_FULL)).toBe(0);
    m.run();
    expect([a.link.autoneg, a.link.advertised, a.dev.carrier]).toEqual([true, ADVERTISED_1000baseT_Full, true]);
    expect(ops.set_link_ksettings(a.dev, { ...now, advertising: 0 })).toBe(-22);
  });

  it('nway_reset negotiates anew; closed it is -EAGAIN', () => {
    const { m, a, ops } = opened();
    expect(ops.nway_reset(a.dev)).toBe(0);
    m.run();
    expect([a.resets, a.dev.carrier]).toEqual([1, true]);
    dev_close(a.dev);
    expect(ops.nway_reset(a.dev)).toBe(-11);
  });
});

describe('ethtool -a, -A', () => {
  it('off by default, and not offered to the other end', () => {
    const { m, a, ops } = opened();
    expect(ops.get_pauseparam(a.dev)).toEqual({ autoneg: false, rx_pause: false, tx_pause: false });
    expect([m.nics[0].phy.registers[4] & 0xc00, m.nics[0].peek(0) & (3 << 27)]).toEqual([0, 0]);
    expect(dmesg(m.irqs.log)).toContain('Flow Control: None');
  });

  it('forced at once, with thresholds that leave room for a frame', () => {
    const { m, a, ops } = opened();
    expect(ops.set_pauseparam(a.dev, { autoneg: false, rx_pause: true, tx_pause: true })).toBe(0);
    expect(ops.get_pauseparam(a.dev)).toEqual({ autoneg: false, rx_pause: true, tx_pause: true });
    const [high, low] = [m.nics[0].peek(0x2168), m.nics[0].peek(0x2160)];
    // 90 % of 20 KiB are 18432; a frame less than 20 KiB would be 18958.
    expect([m.nics[0].peek(0) & (3 << 27), high, low >>> 0]).toEqual([3 << 27, 18432, 0x80000000 + 18424]);
    ops.set_pauseparam(a.dev, { autoneg: false, rx_pause: true, tx_pause: false });
    expect([m.nics[0].peek(0) & (3 << 27), m.nics[0].peek(0x2168), m.nics[0].peek(0x2160)]).toEqual([1 << 27, 0, 0]);
  });

  it('the defaults of the kernel driver: negotiated, three vectors, conservative moderation, delays', () => {
    const { m, a, ops } = opened(e1000eLinuxDefaults);
    expect([a.vectors, ops.get_coalesce(a.dev).rx_coalesce_usecs]).toEqual([3, 3]);
    expect([0x2820, 0x282c, 0x3820, 0x382c].map((o) => m.nics[0].peek(o))).toEqual([0x20, 0x20, 8, 0x20]);
    expect(m.nics[0].phy.registers[4]).toBe(0x0de1);
    expect([m.nics[0].peek(0x170), m.nics[0].peek(0x30), m.nics[0].peek(0x28)]).toEqual([0xffff, 0x8808, 0xc28001]);
    const c = new Collector();
    dev_add_pack(m.net, { type: ETH_P_TEST, dev: null, func: c });
    for (let i = 0; i < 100; i++) m.peers[0].send(frameTo(MAC, i));
    m.run();
    expect(c.got.length).toBe(100);
  });
});

describe('ethtool -t and wake-up settings', () => {
  it('self test passes and leaves the device as it was', () => {
    const { m, a, ops } = opened();
    expect([ops.self_test(a.dev, true), dmesg(m.irqs.log)]).toEqual([
      { failed: false, data: [0, 0, 0] },
      expect.not.stringContaining('test failed'),
    ]);
    m.run();
    expect([a.down, a.dev.carrier]).toEqual([false, true]);
    m.peers[0].send(frameTo(MAC, 1));
    m.run();
    expect(a.dev.stats.rx_packets).toBe(1);
  });

  it('self test finds a bad NVM, a bad register and a missing link', () => {
    const { m, a, ops } = opened();
    m.nics[0].nvm[5] ^= 1;
    const write = m.nics[0].mmioWrite.bind(m.nics[0]);
    m.nics[0].mmioWrite = (bar, offset, value) => write(bar, offset, offset === 0x5204 ? value | 4 : value);
    m.links[0].down();
    m.run();
    expect(ops.self_test(a.dev, true)).toEqual({ failed: true, data: [0x5204, 2, 1] });
    expect(dmesg(m.irqs.log)).toContain('pattern test failed (reg 0x05204): got 0x5A5A5A5E expected 0x5A5A5A5A');
    expect(ops.self_test(a.dev, false)).toEqual({ failed: true, data: [0, 0, 1] });
  });

  it('wake-up settings are kept, unknown ones refused', () => {
    const { m, a, ops } = opened();
    // As it comes the function cannot send PME.
    expect([ops.get_wol(a.dev), ops.set_wol(a.dev, WAKE_MAGIC)]).toEqual([{ supported: 0, wolopts: 0 }, -95]);
    m.nics[0].config.bytes[m.nics[0].config.pmCap + 3] |= 0x48;
    expect([ops.get_wol(a.dev).supported, ops.get_wol(a.dev).wolopts]).toEqual([0x2f, 0]);
    expect([ops.set_wol(a.dev, WAKE_MAGIC | WAKE_PHY), ops.get_wol(a.dev).wolopts]).toEqual([0, WAKE_MAGIC | WAKE_PHY]);
    expect([ops.set_wol(a.dev, 1 << 9), ops.get_wol(a.dev).wolopts]).toEqual([-95, WAKE_MAGIC | WAKE_PHY]);
  });
});

describe('a device without ethtool operations', () => {
  it('has no statistics to show', () => {
    const { a } = opened();
    a.dev.ethtool_ops = null;
    expect(ethtool_stats(a.dev)).toBe(-95);
  });
});
