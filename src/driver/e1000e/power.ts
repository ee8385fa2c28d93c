import { netif_device_attach, netif_device_detach } from '../../skbuff/index.js';
import { EBUSY } from '../../uapi/index.js';
import { readl, writel } from '../mmio.js';
import {
  PCI_D0,
  PCI_D3hot,
  pci_clear_master,
  pci_restore_state,
  pci_save_state,
  pci_set_master,
  pci_set_power_state,
} from '../pci/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_power_down_phy, e1000_reset_hw, e1000_setup_link } from './hw.js';
import {
  e1000_free_irq,
  e1000_request_irq,
  e1000e_reset_interrupt_capability,
  e1000e_set_interrupt_capability,
} from './irq.js';
import { e1000e_down, e1000e_restart, e1000e_up, NEXT_FREEZE, NEXT_PARK, NEXT_RESET } from './netdev.js';
import {
  E1000_CTRL,
  E1000_CTRL_ADVD3WUC,
  E1000_CTRL_EN_PHY_PWR_MGMT,
  E1000_RCTL,
  E1000_RCTL_EN,
  E1000_RCTL_MPE,
  E1000_STATUS,
  E1000_STATUS_LU,
  E1000_WUC,
  E1000_WUC_PME_EN,
  E1000_WUFC,
  E1000_WUFC_BC,
  E1000_WUFC_EX,
  E1000_WUFC_LNKC,
  E1000_WUFC_MAG,
  E1000_WUFC_MC,
  E1000_WUS,
} from './regs.js';
import { e1000_take_next_rings } from './switch.js';

/**
 * `e1000e_pm_suspend`: the device is detached from the stack, stopped, armed for wake-up as `ethtool -s wol` says, and put into D3hot; at once, or
 * when the poll under way has ended. Packets on its rings are lost, the link goes unless it may wake. 0.
 */
export function e1000e_suspend(a: E1000Adapter): number {
  if (a.suspended) return 0;
  netif_device_detach(a.dev);
  if (a.opened && !a.halted) e1000e_down(a, NEXT_FREEZE);
  else e1000e_frozen(a);
  return 0;
}

/** Nothing runs any more: interrupts are given back and the function goes to sleep. */
export function e1000e_frozen(a: E1000Adapter): void {
  const { pdev } = a;
  e1000_free_irq(a);
  e1000e_reset_interrupt_capability(a);
  shutdown(a);
  a.halted = a.opened;
  a.suspended = true;
  pci_save_state(pdev);
  pci_set_power_state(pdev, PCI_D3hot);
}

/** `__e1000_shutdown`: what may wake the machine, or the PHY off. A link that is up cannot wake by coming up. */
function shutdown(a: E1000Adapter): void {
  const { io } = a;
  const up = (readl(io, E1000_STATUS) & E1000_STATUS_LU) !== 0;
  const wufc = up ? a.wol & ~E1000_WUFC_LNKC : a.wol;
  pci_clear_master(a.pdev);
  if (wufc === 0) {
    writel(io, E1000_WUC, 0);
    writel(io, E1000_WUFC, 0);
    e1000_power_down_phy(io);
    return;
  }
  writel(io, E1000_RCTL, a.rctl | E1000_RCTL_EN | ((wufc & E1000_WUFC_MC) !== 0 ? E1000_RCTL_MPE : 0));
  writel(io, E1000_CTRL, readl(io, E1000_CTRL) | E1000_CTRL_ADVD3WUC | E1000_CTRL_EN_PHY_PWR_MGMT);
  e1000_setup_link(io, a.link);
  writel(io, E1000_WUFC, wufc);
  writel(io, E1000_WUC, E1000_WUC_PME_EN);
}

/** Causes of a wake-up in the order they are looked for. */
const WAKE_CAUSES: readonly (readonly [number, string])[] = [
  [E1000_WUFC_EX, 'Unicast Packet'],
  [E1000_WUFC_MC, 'Multicast Packet'],
  [E1000_WUFC_BC, 'Broadcast Packet'],
  [E1000_WUFC_MAG, 'Magic Packet'],
  [E1000_WUFC_LNKC, 'Link Status Change'],
];

/**
 * `e1000e_pm_resume`: back to D0, reset, interrupts anew, and up if it was open. 0; -EBUSY while a suspend still waits for a poll; -EIO or
 * what `request_irq` answered when it does not come back: it stays detached then.
 */
export function e1000e_resume(a: E1000Adapter): number {
  if (a.closing) return -EBUSY;
  if (!a.suspended) return 0;
  const { io, pdev } = a;
  let err = pci_set_power_state(pdev, PCI_D0);
  if (err !== 0) return err;
  pci_restore_state(pdev);
  pci_set_master(pdev);
  a.suspended = false;
  const wus = readl(io, E1000_WUS);
  if (wus !== 0) {
    const cause = WAKE_CAUSES.find(([bit]) => (wus & bit) !== 0)?.[1] ?? 'other';
    a.irqs.log.print(`e1000e ${pdev.name} ${a.dev.name}: MAC Wakeup cause - ${cause}`);
    writel(io, E1000_WUS, -1);
  }
  err = e1000_reset_hw(io);
  if (err === 0) err = e1000e_set_interrupt_capability(a, a.settings.interrupts);
  if (err === 0 && a.opened) err = thaw(a);
  if (err === 0) netif_device_attach(a.dev);
  return err;
}

/** `e1000e_pm_thaw`. */
function thaw(a: E1000Adapter): number {
  const err = e1000_request_irq(a);
  if (err !== 0) return err;
  a.halted = false;
  e1000_take_next_rings(a);
  return e1000e_up(a);
}

/** The function is about to be reset by the bus (`pci_reset_function`): nothing may reach it until that is done. */
export function e1000e_reset_prepare(a: E1000Adapter): void {
  if (a.suspended) return;
  netif_device_detach(a.dev);
  if (a.opened && !a.halted) e1000e_down(a, NEXT_PARK);
}

/** It has been reset: the driver starts it as after an open. */
export function e1000e_reset_done(a: E1000Adapter): void {
  if (a.suspended) return;
  if (a.closing) e1000e_down(a, NEXT_RESET);
  else if (a.halted) e1000e_restart(a);
  else e1000_reset_hw(a.io);
  netif_device_attach(a.dev);
}
