import {
  type EthtoolWolinfo,
  type NetDevice,
  WAKE_BCAST,
  WAKE_MAGIC,
  WAKE_MCAST,
  WAKE_PHY,
  WAKE_UCAST,
} from '../../../skbuff/index.js';
import { EOPNOTSUPP } from '../../../uapi/index.js';
import { type PciDev, pci_read_config_word } from '../../pci/index.js';
import type { E1000Adapter } from '../adapter.js';
import { E1000_WUFC_BC, E1000_WUFC_EX, E1000_WUFC_LNKC, E1000_WUFC_MAG, E1000_WUFC_MC } from '../regs.js';

/** PM capabilities, and the states PME comes from. */
const PMC = 2;
const PMC_PME_MASK = 0xf800;

/** ethtool's names of what wakes, and the chip's. */
const BITS: readonly (readonly [number, number])[] = [
  [WAKE_UCAST, E1000_WUFC_EX],
  [WAKE_MCAST, E1000_WUFC_MC],
  [WAKE_BCAST, E1000_WUFC_BC],
  [WAKE_MAGIC, E1000_WUFC_MAG],
  [WAKE_PHY, E1000_WUFC_LNKC],
];
const SUPPORTED: number = WAKE_UCAST | WAKE_MCAST | WAKE_BCAST | WAKE_MAGIC | WAKE_PHY;

/** `device_can_wakeup`: the function can send PME from some state (bits 15:11 of its PM capabilities). */
function can_wake(pdev: PciDev): boolean {
  return pdev.pm_cap !== 0 && (pci_read_config_word(pdev, pdev.pm_cap + PMC) & PMC_PME_MASK) !== 0;
}

/** `e1000_get_wol`: nothing on a function that cannot send PME. */
export function get_wol(dev: NetDevice): EthtoolWolinfo {
  const { pdev, wol } = dev.priv as E1000Adapter;
  if (!can_wake(pdev)) return { supported: 0, wolopts: 0 };
  let wolopts = 0;
  for (const [wake, wufc] of BITS) if ((wol & wufc) !== 0) wolopts |= wake;
  return { supported: SUPPORTED, wolopts };
}

/** `e1000_set_wol`: takes effect with the next suspend. 0 or -EOPNOTSUPP. */
export function set_wol(dev: NetDevice, wolopts: number): number {
  const a = dev.priv as E1000Adapter;
  if (!can_wake(a.pdev) || (wolopts & ~SUPPORTED) !== 0) return -EOPNOTSUPP;
  let wol = 0;
  for (const [wake, wufc] of BITS) if ((wolopts & wake) !== 0) wol |= wufc;
  a.wol = wol;
  return 0;
}
