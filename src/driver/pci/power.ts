import {
  PCI_BASE_ADDRESS_0,
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCAP_FLR,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVCTL_BCR_FLR,
  PCI_EXP_LNKCTL,
  PCI_PM_CAP_D1,
  PCI_PM_CAP_D2,
  PCI_PM_CTRL,
  PCI_PM_CTRL_NO_SOFT_RESET,
  PCI_PM_CTRL_STATE_MASK,
  PCI_PM_PMC,
} from '../../hw/pcie/index.js';
import { EINVAL, EIO, ENOTTY } from '../../uapi/index.js';
import { PCI_D0, PCI_D1, PCI_D2, PCI_D3cold, PCI_D3hot } from './constants.js';
import type { PciDev } from './device.js';
import { pci_restore_msi_state } from './restore-msi.js';

/** Bytes of the header that `pci_save_state` keeps. */
const HEADER_BYTES = 64;

function read(pdev: PciDev, where: number, size: number): number {
  return pdev.core.rc.ecamRead(pdev.bdf, where, size);
}

function write(pdev: PciDev, where: number, size: number, value: number): void {
  pdev.core.rc.ecamWrite(pdev.bdf, where, size, value);
}

/**
 * `pci_set_power_state`: to PCI_D0 .. PCI_D3cold (which is D3hot here: a slot's power cannot be cut). 0; -EIO when the function has
 * no power management, not that state, or does not answer; -EINVAL from a deep state to a less deep one other than D0. Coming
 * from D3hot, a function that resets itself on the way gets its BARs back; the rest is `pci_restore_state`'s. The delays of
 * the specification (10 ms around D3hot) are not waited.
 */
export function pci_set_power_state(pdev: PciDev, wanted: number): number {
  const state = Math.min(Math.max(wanted, PCI_D0), PCI_D3cold);
  if (pdev.current_state === state) return 0;
  if (state === PCI_D0) return power_up(pdev);
  const err = lower(pdev, Math.min(state, PCI_D3hot));
  if (err === 0 && pdev.current_state === PCI_D3hot) pdev.current_state = state;
  return err;
}

/** `pci_power_up`. */
function power_up(pdev: PciDev): number {
  if (pdev.pm_cap === 0) {
    pdev.current_state = PCI_D0;
    return 0;
  }
  const at = pdev.pm_cap + PCI_PM_CTRL;
  const control = read(pdev, at, 2);
  if (control === 0xffff) return -EIO;
  const was = control & PCI_PM_CTRL_STATE_MASK;
  const resets = was === PCI_D3hot && (control & PCI_PM_CTRL_NO_SOFT_RESET) === 0;
  if (was !== PCI_D0) write(pdev, at, 2, control & ~PCI_PM_CTRL_STATE_MASK);
  pdev.current_state = read(pdev, at, 2) & PCI_PM_CTRL_STATE_MASK;
  if (resets) restore_bars(pdev);
  return pdev.current_state === PCI_D0 ? 0 : -EIO;
}

/** `pci_set_low_power_state`. */
function lower(pdev: PciDev, state: number): number {
  if (pdev.pm_cap === 0) return -EIO;
  if (pdev.current_state <= PCI_D3cold && pdev.current_state > state) return -EINVAL;
  const pmc = read(pdev, pdev.pm_cap + PCI_PM_PMC, 2);
  if ((state === PCI_D1 && (pmc & PCI_PM_CAP_D1) === 0) || (state === PCI_D2 && (pmc & PCI_PM_CAP_D2) === 0))
    return -EIO;
  const at = pdev.pm_cap + PCI_PM_CTRL;
  const control = read(pdev, at, 2);
  if (control === 0xffff) return -EIO;
  write(pdev, at, 2, (control & ~PCI_PM_CTRL_STATE_MASK) | state);
  pdev.current_state = read(pdev, at, 2) & PCI_PM_CTRL_STATE_MASK;
  if (pdev.current_state !== state) {
    pdev.core.irqs.log.print(`pci ${pdev.name}: Refused to change power state from D0 to D${state}`);
  }
  return 0;
}

/** `pci_restore_bars`: what enumeration assigned. */
function restore_bars(pdev: PciDev): void {
  for (const r of pdev.info.resources) {
    if (r.bar > 5) continue;
    write(pdev, PCI_BASE_ADDRESS_0 + 4 * r.bar, 4, r.base);
    if (r.wide) write(pdev, PCI_BASE_ADDRESS_0 + 4 * r.bar + 4, 4, 0);
  }
}

/** `pci_save_state`: the header, and Device and Link Control. 0. */
export function pci_save_state(pdev: PciDev): number {
  pdev.saved.clear();
  for (let at = 0; at < HEADER_BYTES; at += 4) pdev.saved.set(at, read(pdev, at, 4));
  if (pdev.pcie_cap !== 0) {
    for (const at of [PCI_EXP_DEVCTL, PCI_EXP_LNKCTL])
      pdev.saved.set(pdev.pcie_cap + at, read(pdev, pdev.pcie_cap + at, 2));
  }
  pdev.state_saved = true;
  return 0;
}

/**
 * `pci_restore_state`: writes back what `pci_save_state` kept, the header from its end so that Command comes last, and programs
 * the messages in use anew. Once per save; does nothing without one.
 */
export function pci_restore_state(pdev: PciDev): void {
  if (!pdev.state_saved) return;
  const saved = (at: number): number => pdev.saved.get(at) as number;
  if (pdev.pcie_cap !== 0) {
    for (const at of [PCI_EXP_DEVCTL, PCI_EXP_LNKCTL]) write(pdev, pdev.pcie_cap + at, 2, saved(pdev.pcie_cap + at));
  }
  for (let at = HEADER_BYTES - 4; at >= 0; at -= 4) {
    if (at !== PCI_COMMAND && read(pdev, at, 4) !== saved(at)) write(pdev, at, 4, saved(at));
  }
  // The other half of the word is Status, whose bits ones would clear.
  write(pdev, PCI_COMMAND, 2, saved(PCI_COMMAND) & 0xffff);
  pci_restore_msi_state(pdev);
  pdev.state_saved = false;
}

/**
 * `pci_reset_function`: the driver is told, configuration saved, the function reset (function-level reset when Device Capabilities
 * announce it, else through D3hot when that resets it), configuration restored, the driver told. 0; -ENOTTY when it can do
 * neither; -EIO when it does not answer. The waits of the specification (100 ms, 20 ms) are not waited. The order
 * of the kernel's steps is unverified.
 */
export function pci_reset_function(pdev: PciDev): number {
  const reset = method(pdev);
  if (reset === null) return -ENOTTY;
  pdev.driver?.err_handler?.reset_prepare?.(pdev);
  const err = pci_set_power_state(pdev, PCI_D0);
  if (err !== 0) return err;
  pci_save_state(pdev);
  write(pdev, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
  const rc = reset(pdev);
  pci_restore_state(pdev);
  pdev.driver?.err_handler?.reset_done?.(pdev);
  return rc;
}

/** `pci_reset_supported`: one of the ways works with this function. */
export function pci_reset_supported(pdev: PciDev): boolean {
  return method(pdev) !== null;
}

function method(pdev: PciDev): ((pdev: PciDev) => number) | null {
  if (pdev.pcie_cap !== 0 && (read(pdev, pdev.pcie_cap + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR) !== 0)
    return pcie_flr;
  if (pdev.pm_cap === 0) return null;
  return (read(pdev, pdev.pm_cap + PCI_PM_CTRL, 2) & PCI_PM_CTRL_NO_SOFT_RESET) === 0 ? pci_pm_reset : null;
}

/** `pcie_flr`: sets Initiate Function Level Reset. 0, or -EIO when the function does not answer. */
export function pcie_flr(pdev: PciDev): number {
  const at = pdev.pcie_cap + PCI_EXP_DEVCTL;
  write(pdev, at, 2, read(pdev, at, 2) | PCI_EXP_DEVCTL_BCR_FLR);
  return read(pdev, 0, 4) === -1 ? -EIO : 0;
}

/** `pci_pm_reset`: to D3hot and back. */
function pci_pm_reset(pdev: PciDev): number {
  const err = pci_set_power_state(pdev, PCI_D3hot);
  return err === 0 ? pci_set_power_state(pdev, PCI_D0) : err;
}
