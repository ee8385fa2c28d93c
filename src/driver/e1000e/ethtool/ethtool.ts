import {
  ETH_SS_STATS,
  ETH_SS_TEST,
  type EthtoolCoalesce,
  type EthtoolDrvinfo,
  type EthtoolOps,
  type EthtoolRegs,
  type EthtoolRingparam,
  type NetDevice,
  netif_carrier_ok,
} from '../../../skbuff/index.js';
import { EAGAIN, EINVAL, ENOMEM } from '../../../uapi/index.js';
import { readl } from '../../mmio.js';
import { pci_read_config_byte } from '../../pci/index.js';
import type { E1000Adapter } from '../adapter.js';
import { e1000_read_nvm, e1000_read_phy_locked } from '../hw.js';
import { e1000_choose_coalesce, e1000_choose_itr, e1000_coalesce_usecs, e1000e_write_itr } from '../itr.js';
import { e1000e_down, e1000e_reinit_locked, NEXT_SWITCH } from '../netdev.js';
import type { E1000eModerationOption } from '../options.js';
import {
  E1000_CTRL,
  E1000_RCTL,
  E1000_RDH,
  E1000_RDLEN,
  E1000_RDT,
  E1000_RDTR,
  E1000_STATUS,
  E1000_TCTL,
  E1000_TDH,
  E1000_TDLEN,
  E1000_TDT,
  E1000_TIDV,
  MII_STAT1000,
  NVM_WORDS,
} from '../regs.js';
import { E1000Ring, e1000e_free_ring, e1000e_setup_ring } from '../ring.js';
import { e1000_take_next_rings } from '../switch.js';
import { get_link_ksettings, get_pauseparam, set_link_ksettings, set_pauseparam } from './ethtool-link.js';
import { E1000_TEST_STRINGS, e1000_diag_test } from './self-test.js';
import { E1000_STATS_STRINGS, e1000_stats_values } from './stats.js';
import { get_wol, set_wol } from './wol.js';

/** Descriptors of a ring: least, most, and a multiple of this many (e1000.h). */
const MIN_DESCRIPTORS = 64;
const MAX_DESCRIPTORS = 4096;
const DESCRIPTOR_MULTIPLE = 8;
/** Words of the register dump, as many as the kernel driver says; the last few are empty. */
const REGS_LEN = 32;
/** `e1000_phy_bm` in the kernel driver's list of PHYs. */
const PHY_TYPE_BM = 8;
const PCI_REVISION_ID = 8;

/** The adapter behind a network device (`netdev_priv`). */
function adapter(dev: NetDevice): E1000Adapter {
  return dev.priv as E1000Adapter;
}

function get_drvinfo(dev: NetDevice): EthtoolDrvinfo {
  const a = adapter(dev);
  const v = a.eeprom_vers;
  return {
    driver: 'e1000e',
    version: '6.12',
    fw_version: `${v >> 12}.${(v >> 4) & 0xff}-${v & 0xf}`,
    bus_info: a.pdev.name,
    n_stats: E1000_STATS_STRINGS.length,
    testinfo_len: E1000_TEST_STRINGS.length,
    eedump_len: 2 * NVM_WORDS,
    regdump_len: 4 * REGS_LEN,
  };
}

function get_coalesce(dev: NetDevice): EthtoolCoalesce {
  return { rx_coalesce_usecs: e1000_coalesce_usecs(adapter(dev).moderation) };
}

/** 0 = off, 1, 3, 4 = modes, 10..10000 = us; -EINVAL for the rest. */
function set_coalesce(dev: NetDevice, coalesce: EthtoolCoalesce): number {
  const a = adapter(dev);
  if (!e1000_choose_coalesce(a.moderation, coalesce.rx_coalesce_usecs)) return -EINVAL;
  a.moderation.pending = false;
  if (!a.down) e1000e_write_itr(a);
  return 0;
}

/**
 * Moderation as the option `rx_usecs` gives it: an exact interval of 0..16383 us, or a mode; effective at once. 0 or -EINVAL. (`ethtool -C`
 * has narrower limits and rounds to a whole number of interrupts a second.)
 */
export function e1000_set_coalesce(a: E1000Adapter, rx_usecs: E1000eModerationOption): number {
  const m = a.moderation;
  if (typeof rx_usecs === 'number') {
    if (!(rx_usecs >= 0 && rx_usecs <= 16383 && rx_usecs === Math.trunc(rx_usecs))) return -EINVAL;
  } else if (rx_usecs !== 'dynamic' && rx_usecs !== 'dynamic-conservative' && rx_usecs !== 'simplified') return -EINVAL;
  e1000_choose_itr(m, rx_usecs);
  m.pending = false;
  if (!a.down) e1000e_write_itr(a);
  return 0;
}

function get_ringparam(dev: NetDevice): EthtoolRingparam {
  const a = adapter(dev);
  return {
    rx_max_pending: MAX_DESCRIPTORS,
    tx_max_pending: MAX_DESCRIPTORS,
    rx_pending: (a.next_rx_ring ?? a.rx_ring).count,
    tx_pending: (a.next_tx_ring ?? a.tx_ring).count,
  };
}

function descriptors(wanted: number): number {
  const n = Math.min(Math.max(wanted, MIN_DESCRIPTORS), MAX_DESCRIPTORS);
  return Math.ceil(n / DESCRIPTOR_MULTIPLE) * DESCRIPTOR_MULTIPLE;
}

/**
 * `e1000_set_ringparam`: sizes are brought into 64..4096 and rounded up to a multiple of 8. An open device gets its new rings at once, or
 * when the poll under way has ended, and loses no packet. 0, -EINVAL (not a number) or -ENOMEM (nothing has changed then).
 */
function set_ringparam(dev: NetDevice, ring: { rx_pending: number; tx_pending: number }): number {
  const a = adapter(dev);
  if (Number.isNaN(ring.rx_pending) || Number.isNaN(ring.tx_pending)) return -EINVAL;
  const now = get_ringparam(dev);
  const rx_count = descriptors(ring.rx_pending);
  const tx_count = descriptors(ring.tx_pending);
  const rx = rx_count === now.rx_pending ? null : new E1000Ring(rx_count);
  const tx = tx_count === now.tx_pending ? null : new E1000Ring(tx_count);
  if (rx === null && tx === null) return 0;
  const err = a.opened ? allocate(a, rx, tx) : 0;
  if (err !== 0) return err;
  discard_next(a, rx !== null, tx !== null);
  a.next_rx_ring = rx ?? a.next_rx_ring;
  a.next_tx_ring = tx ?? a.next_tx_ring;
  if (!a.opened) e1000_take_next_rings(a);
  else if (!a.halted) e1000e_down(a, NEXT_SWITCH);
  return 0;
}

/** Memory of new rings: of all, or of none. */
function allocate(a: E1000Adapter, rx: E1000Ring | null, tx: E1000Ring | null): number {
  const err = rx === null ? 0 : e1000e_setup_ring(a.net, rx);
  if (err !== 0 || tx === null || e1000e_setup_ring(a.net, tx) === 0) return err;
  if (rx !== null) e1000e_free_ring(a.net, rx, true);
  return -ENOMEM;
}

/** Rings that were to come, and are overtaken by others. */
function discard_next(a: E1000Adapter, rx: boolean, tx: boolean): void {
  if (rx && a.next_rx_ring !== null) e1000e_free_ring(a.net, a.next_rx_ring, true);
  if (tx && a.next_tx_ring !== null) e1000e_free_ring(a.net, a.next_tx_ring, false);
}

/** `e1000_nway_reset`: autonegotiation anew, by a reset. -EAGAIN when the device is down, -EINVAL without autonegotiation. */
function nway_reset(dev: NetDevice): number {
  const a = adapter(dev);
  if (!a.opened || a.halted) return -EAGAIN;
  if (!a.link.autoneg) return -EINVAL;
  e1000e_reinit_locked(a);
  return 0;
}

/** Registers of the dump in the kernel driver's order, which `ethtool -d` decodes. */
const DUMP: readonly number[] = [
  E1000_CTRL,
  E1000_STATUS,
  E1000_RCTL,
  E1000_RDLEN,
  E1000_RDH,
  E1000_RDT,
  E1000_RDTR,
  E1000_TCTL,
  E1000_TDLEN,
  E1000_TDH,
  E1000_TDT,
  E1000_TIDV,
];
/** Place of the PHY's type, and of its 1000BASE-T status (twice). */
const DUMP_PHY_TYPE = 12;
const DUMP_STAT1000 = 24;

/** `e1000_get_regs`. */
function get_regs(dev: NetDevice): EthtoolRegs {
  const a = adapter(dev);
  const data = new Int32Array(REGS_LEN);
  DUMP.forEach((offset, i) => {
    data[i] = readl(a.io, offset);
  });
  data[DUMP_PHY_TYPE] = PHY_TYPE_BM;
  data[DUMP_STAT1000] = data[DUMP_STAT1000 + 1] = e1000_read_phy_locked(a.io, MII_STAT1000);
  const revision = pci_read_config_byte(a.pdev, PCI_REVISION_ID);
  return { version: (1 << 24) | (revision << 16) | a.pdev.device, data };
}

/** `e1000_get_eeprom`, all of it: little-endian words; one that cannot be read is ffff. */
function get_eeprom(dev: NetDevice): Uint8Array {
  const { io } = adapter(dev);
  const bytes = new Uint8Array(2 * NVM_WORDS);
  for (let i = 0; i < NVM_WORDS; i++) {
    const word = e1000_read_nvm(io, i);
    bytes[2 * i] = word;
    bytes[2 * i + 1] = word >> 8;
  }
  return bytes;
}

function get_strings(_dev: NetDevice, stringset: number): readonly string[] {
  if (stringset === ETH_SS_STATS) return E1000_STATS_STRINGS;
  return stringset === ETH_SS_TEST ? E1000_TEST_STRINGS : [];
}

function get_ethtool_stats(dev: NetDevice): Float64Array {
  return e1000_stats_values(adapter(dev));
}

function get_link(dev: NetDevice): boolean {
  return netif_carrier_ok(dev);
}

/** What the driver answers to `ethtool`. */
export const E1000_ETHTOOL_OPS: EthtoolOps = {
  get_drvinfo,
  get_link,
  get_link_ksettings,
  set_link_ksettings,
  nway_reset,
  get_coalesce,
  set_coalesce,
  get_ringparam,
  set_ringparam,
  get_pauseparam,
  set_pauseparam,
  get_strings,
  get_ethtool_stats,
  get_regs,
  get_eeprom,
  get_wol,
  set_wol,
  self_test: e1000_diag_test,
};
