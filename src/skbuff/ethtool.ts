import { EOPNOTSUPP } from '../uapi/index.js';
import type { NetDevice } from './device.js';

/** String sets of `get_strings` (enum ethtool_stringset). */
export const ETH_SS_TEST = 0;
export const ETH_SS_STATS = 1;

/** Speeds in Mbit/s; unknown without a link (include/uapi/linux/ethtool.h). */
export const SPEED_10 = 10;
export const SPEED_100 = 100;
export const SPEED_1000 = 1000;
export const SPEED_UNKNOWN = -1;
export const DUPLEX_HALF = 0;
export const DUPLEX_FULL = 1;
export const DUPLEX_UNKNOWN = 0xff;

/** Link modes (SUPPORTED_*, ADVERTISED_*). */
export const ADVERTISED_10baseT_Half: number = 1 << 0;
export const ADVERTISED_10baseT_Full: number = 1 << 1;
export const ADVERTISED_100baseT_Half: number = 1 << 2;
export const ADVERTISED_100baseT_Full: number = 1 << 3;
export const ADVERTISED_1000baseT_Full: number = 1 << 5;
export const ADVERTISED_Autoneg: number = 1 << 6;
export const ADVERTISED_TP: number = 1 << 7;
export const ADVERTISED_Pause: number = 1 << 13;
export const ADVERTISED_Asym_Pause: number = 1 << 14;

/** What can wake a machine (WAKE_*). */
export const WAKE_PHY: number = 1 << 0;
export const WAKE_UCAST: number = 1 << 1;
export const WAKE_MCAST: number = 1 << 2;
export const WAKE_BCAST: number = 1 << 3;
export const WAKE_MAGIC: number = 1 << 5;

/** `ethtool -i`. */
export interface EthtoolDrvinfo {
  driver: string;
  version: string;
  fw_version: string;
  /** Address of the function, `0000:00:03.0`. */
  bus_info: string;
  /** Strings in ETH_SS_STATS and ETH_SS_TEST. */
  n_stats: number;
  testinfo_len: number;
  /** Bytes. */
  eedump_len: number;
  regdump_len: number;
}

/** `ethtool DEV`: the link. */
export interface EthtoolLinkKsettings {
  /** Mbit/s, or SPEED_UNKNOWN. */
  speed: number;
  duplex: number;
  autoneg: boolean;
  /** Link modes the device has, offers, and its partner offers. */
  supported: number;
  advertising: number;
  lp_advertising: number;
  phy_address: number;
}

/** `ethtool -c`. Microseconds; of the many fields of the kernel's structure those that drivers here use. */
export interface EthtoolCoalesce {
  rx_coalesce_usecs: number;
}

/** `ethtool -g`: descriptors of the rings in use, and the most there can be. */
export interface EthtoolRingparam {
  rx_max_pending: number;
  tx_max_pending: number;
  rx_pending: number;
  tx_pending: number;
}

/** `ethtool -a`. */
export interface EthtoolPauseparam {
  /** The use of pause frames is negotiated with the link. */
  autoneg: boolean;
  rx_pause: boolean;
  tx_pause: boolean;
}

/** `ethtool -d`. What `version` and the words mean is the driver's. */
export interface EthtoolRegs {
  version: number;
  data: Int32Array;
}

/** Result of `ethtool -t`: one number per string of ETH_SS_TEST, 0 = passed. */
export interface EthtoolTest {
  failed: boolean;
  data: number[];
}

/** `ethtool`'s view of wake-up: WAKE_* bits. */
export interface EthtoolWolinfo {
  supported: number;
  wolopts: number;
}

/**
 * What a driver answers to `ethtool` (`struct ethtool_ops`). Every operation may be missing: then the request is -EOPNOTSUPP. Setters return
 * 0 or -errno.
 */
export interface EthtoolOps {
  get_drvinfo?(dev: NetDevice): EthtoolDrvinfo;
  get_link?(dev: NetDevice): boolean;
  get_link_ksettings?(dev: NetDevice): EthtoolLinkKsettings;
  set_link_ksettings?(dev: NetDevice, settings: EthtoolLinkKsettings): number;
  nway_reset?(dev: NetDevice): number;
  get_coalesce?(dev: NetDevice): EthtoolCoalesce;
  set_coalesce?(dev: NetDevice, coalesce: EthtoolCoalesce): number;
  get_ringparam?(dev: NetDevice): EthtoolRingparam;
  set_ringparam?(dev: NetDevice, ring: { rx_pending: number; tx_pending: number }): number;
  get_pauseparam?(dev: NetDevice): EthtoolPauseparam;
  set_pauseparam?(dev: NetDevice, pause: EthtoolPauseparam): number;
  get_strings?(dev: NetDevice, stringset: number): readonly string[];
  /** Values in the order of the strings of ETH_SS_STATS. */
  get_ethtool_stats?(dev: NetDevice): Float64Array;
  get_regs?(dev: NetDevice): EthtoolRegs;
  get_eeprom?(dev: NetDevice): Uint8Array;
  get_wol?(dev: NetDevice): EthtoolWolinfo;
  set_wol?(dev: NetDevice, wolopts: number): number;
  /** `offline`: also the tests that stop the device. */
  self_test?(dev: NetDevice, offline: boolean): EthtoolTest | number;
}

/** `ethtool -S`: statistics by name, in the driver's order; -EOPNOTSUPP when it has none. */
export function ethtool_stats(dev: NetDevice): Record<string, number> | number {
  const ops = dev.ethtool_ops;
  if (ops === null || ops.get_strings === undefined || ops.get_ethtool_stats === undefined) return -EOPNOTSUPP;
  const values = ops.get_ethtool_stats(dev);
  const out: Record<string, number> = {};
  ops.get_strings(dev, ETH_SS_STATS).forEach((name, i) => {
    out[name] = values[i] ?? 0;
  });
  return out;
}
