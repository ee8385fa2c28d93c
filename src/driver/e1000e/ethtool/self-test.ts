import {
  dev_close,
  dev_open,
  type EthtoolTest,
  type NetDevice,
  netif_carrier_ok,
  netif_running,
} from '../../../skbuff/index.js';
import { EBUSY, ENODEV } from '../../../uapi/index.js';
import { readl, writel } from '../../mmio.js';
import type { E1000Adapter } from '../adapter.js';
import { e1000_reset_hw, e1000_validate_nvm } from '../hw.js';
import {
  E1000_FCAH,
  E1000_FCAL,
  E1000_FCRTH,
  E1000_FCT,
  E1000_FCTTV,
  E1000_MTA,
  E1000_RAH0,
  E1000_RCTL,
  E1000_RDBAH,
  E1000_RDBAL,
  E1000_RDH,
  E1000_RDLEN,
  E1000_RDT,
  E1000_RDTR,
  E1000_STATUS,
  E1000_STATUS_LU,
  E1000_TCTL,
  E1000_TDBAH,
  E1000_TDBAL,
  E1000_TDLEN,
  E1000_TIDV,
  E1000_TIPG,
  E1000_TXCW,
  E1000_VET,
} from '../regs.js';

/** Those of the kernel driver's tests that need no interrupt and no loopback, under its names. */
export const E1000_TEST_STRINGS: readonly string[] = [
  'Register test  (offline)',
  'Eeprom test    (offline)',
  'Link test   (on/offline)',
];

const PATTERNS: readonly number[] = [0x5a5a5a5a, 0xa5a5a5a5 | 0, 0, -1];
/** Receive addresses and words of the multicast table. */
const RAR_ENTRIES = 16;
const MTA_WORDS = 128;
/** Bits of STATUS that do not follow the state of the chip. */
const STATUS_FIXED = 0x7ffff033;
/** Bits of RCTL that can be written. */
const RCTL_WRITABLE = 0x06dfb3fe;

/** Offset, bits that are kept, bits that are written. */
type PatternRow = readonly [number, number, number];

const FIRST_ROWS: readonly PatternRow[] = [
  [E1000_FCAL, -1, -1],
  [E1000_FCAH, 0xffff, -1],
  [E1000_FCT, 0xffff, -1],
  [E1000_VET, 0xffff, -1],
  [E1000_RDTR, 0xffff, -1],
  [E1000_RDBAH, -1, -1],
  [E1000_RDLEN, 0xfff80, 0xfffff],
  [E1000_RDH, 0xffff, 0xffff],
  [E1000_RDT, 0xffff, 0xffff],
  [E1000_FCRTH, 0xfff8, 0xfff8],
  [E1000_FCTTV, 0xffff, 0xffff],
  [E1000_TIPG, 0x3fffffff, 0x3fffffff],
  [E1000_TDBAH, -1, -1],
  [E1000_TDLEN, 0xfff80, 0xfffff],
];
const LAST_ROWS: readonly PatternRow[] = [
  [E1000_RDBAL, ~15, -1],
  [E1000_TXCW, 0xc000ffff | 0, 0xffff],
  [E1000_TDBAL, ~15, -1],
  [E1000_TIDV, 0xffff, 0xffff],
];

/** The first register that does not keep what it should (`e1000_reg_test`); 1 for STATUS, 0 when all do. The chip needs a reset afterwards. */
export function e1000_reg_test(a: E1000Adapter): number {
  const { io } = a;
  const before = readl(io, E1000_STATUS);
  writel(io, E1000_STATUS, STATUS_FIXED);
  if (((readl(io, E1000_STATUS) ^ before) & STATUS_FIXED) !== 0) return 1;
  for (const row of FIRST_ROWS) if (!pattern(a, row)) return row[0];
  if (!set_and_check(a, E1000_RCTL, -1, 0)) return E1000_RCTL;
  if (!set_and_check(a, E1000_RCTL, RCTL_WRITABLE, 0x003ffffb)) return E1000_RCTL;
  if (!set_and_check(a, E1000_TCTL, -1, 0)) return E1000_TCTL;
  if (!set_and_check(a, E1000_RCTL, RCTL_WRITABLE, -1)) return E1000_RCTL;
  for (const row of LAST_ROWS) if (!pattern(a, row)) return row[0];
  for (let i = 0; i < RAR_ENTRIES; i++) {
    if (!pattern(a, [E1000_RAH0 + 8 * i, 0x8003ffff | 0, -1])) return E1000_RAH0 + 8 * i;
  }
  for (let i = 0; i < MTA_WORDS; i++) if (!pattern(a, [E1000_MTA + 4 * i, -1, -1])) return E1000_MTA + 4 * i;
  return 0;
}

function pattern(a: E1000Adapter, [offset, mask, write]: PatternRow): boolean {
  for (const bits of PATTERNS) {
    writel(a.io, offset, bits & write);
    const value = readl(a.io, offset);
    const want = bits & write & mask;
    if (value === want) continue;
    say(a, `pattern test failed (reg 0x${hex(offset, 5)}): got 0x${hex(value, 8)} expected 0x${hex(want, 8)}`);
    return false;
  }
  return true;
}

function set_and_check(a: E1000Adapter, offset: number, mask: number, write: number): boolean {
  writel(a.io, offset, write & mask);
  const value = readl(a.io, offset) & mask;
  const want = write & mask;
  if (value === want) return true;
  say(a, `set/check test failed (reg 0x${hex(offset, 5)}): got 0x${hex(value, 8)} expected 0x${hex(want, 8)}`);
  return false;
}

function say(a: E1000Adapter, text: string): void {
  a.irqs.log.print(`e1000e ${a.pdev.name} ${a.dev.name}: ${text}`);
}

function hex(n: number, digits: number): string {
  return (n >>> 0).toString(16).toUpperCase().padStart(digits, '0');
}

/**
 * `e1000_diag_test`. Online only the link is looked at; offline the device is closed, registers and NVM are tested, and it is opened
 * again. -EBUSY when a poll under way keeps it from closing now, -ENODEV while it sleeps.
 */
export function e1000_diag_test(dev: NetDevice, offline: boolean): EthtoolTest | number {
  const a = dev.priv as E1000Adapter;
  if (a.suspended) return -ENODEV;
  const data = [0, 0, 0];
  const running = netif_running(dev);
  data[2] = link_test(a);
  if (offline) {
    if (running) dev_close(dev);
    if (a.closing) return -EBUSY;
    data[0] = e1000_reg_test(a);
    e1000_reset_hw(a.io);
    data[1] = e1000_validate_nvm(a.io) === 0 ? 0 : 2;
    if (running) dev_open(dev);
  }
  return { failed: data.some((n) => n !== 0), data };
}

/** 0 with a link. */
function link_test(a: E1000Adapter): number {
  const up = a.down ? (readl(a.io, E1000_STATUS) & E1000_STATUS_LU) !== 0 : netif_carrier_ok(a.dev);
  return up ? 0 : 1;
}
