import {
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
  PCI_MSIX_FLAGS_QSIZE,
  PCI_MSIX_TABLE,
} from '../../hw/pcie/index.js';
import { EINVAL, ENOMEM, ENOSPC, ERANGE } from '../../uapi/index.js';
import { MsixChip } from '../irq/chips.js';
import { type IrqAffinity, irq_calc_affinity_vectors, irq_create_affinity_masks } from '../irq/spread.js';
import { ioremap, type MappedIo, readl, writel } from '../mmio.js';
import { pci_intx, pci_read_config_dword, pci_read_config_word } from './access.js';
import { ENOTSUPP, PCI_D0 } from './constants.js';
import { type PciDev, pci_resource } from './device.js';
import { msi_add, msi_remove } from './msi-descs.js';
import { config_clear_set } from './restore-msi.js';

const ENTRY_SIZE = 16;
const VECTOR_CTRL = 12;
const MASKBIT = 1;

/** A vector as the older interface asks for it (`struct msix_entry`). */
export interface MsixEntry {
  /** Number in the function's table. */
  entry: number;
  /** Filled in: the interrupt number. */
  vector: number;
}

/** `pci_msix_vec_count`: entries of the function's table (1..2048), or -EINVAL without the capability. */
export function pci_msix_vec_count(pdev: PciDev): number {
  if (pdev.msix_cap === 0) return -EINVAL;
  return (pci_read_config_word(pdev, pdev.msix_cap + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1;
}

/**
 * `pci_enable_msix_range`: between `minvec` and `maxvec` of the vectors in `entries`. Returns how many, their interrupt numbers in
 * `entries`; else the errors of {@link msix_range}.
 */
export function pci_enable_msix_range(pdev: PciDev, entries: MsixEntry[], minvec: number, maxvec: number): number {
  return msix_range(pdev, entries, minvec, maxvec, null);
}

/** `pci_enable_msix_exact`: all `nvec` of them. 0, or the errors of {@link pci_enable_msix_range}. */
export function pci_enable_msix_exact(pdev: PciDev, entries: MsixEntry[], nvec: number): number {
  const rc = msix_range(pdev, entries, nvec, nvec, null);
  return rc < 0 ? rc : 0;
}

/**
 * `__pci_enable_msix_range`: the number of vectors, or in this order: -ERANGE; -EINVAL (MSI or MSI-X enabled); -ENOTSUPP (no
 * controller takes messages); -EINVAL (maxvec < 1, `no_msi`, not in D0, no capability, an entry twice or beyond the table);
 * -ENOSPC (fewer than `minvec`, or no CPU vector); -ENOMEM (the table cannot be reached). The place of -ENOTSUPP is unverified.
 */
export function msix_range(
  pdev: PciDev,
  entries: MsixEntry[] | null,
  minvec: number,
  maxvec: number,
  affd: IrqAffinity | null,
): number {
  if (maxvec < minvec) return -ERANGE;
  const { irqs, rc } = pdev.core;
  if (pdev.msi_enabled) {
    irqs.log.print(`pci ${pdev.name}: can't enable MSI-X (MSI already enabled)`);
    return -EINVAL;
  }
  if (pdev.msix_enabled) return -EINVAL;
  if (rc.messageTarget === null) return -ENOTSUPP;
  if (maxvec < 1 || pdev.no_msi || pdev.current_state !== PCI_D0) return -EINVAL;
  const size = pci_msix_vec_count(pdev);
  if (size < 0) return size;
  if (entries !== null && !valid(entries.slice(0, maxvec), size)) return -EINVAL;
  let nvec = Math.min(size, maxvec);
  if (nvec < minvec) return -ENOSPC;
  if (affd !== null) nvec = irq_calc_affinity_vectors(irqs, minvec, nvec, affd);
  if (nvec < minvec || nvec < 1) return -ENOSPC;
  const err = msix_capability_init(pdev, entries, nvec, size, affd);
  return err === 0 ? nvec : err;
}

function valid(entries: readonly MsixEntry[], size: number): boolean {
  const numbers = entries.map((e) => e.entry);
  return new Set(numbers).size === numbers.length && numbers.every((n) => n >= 0 && n < size);
}

function map(pdev: PciDev, size: number): MappedIo | null {
  const table = pci_read_config_dword(pdev, pdev.msix_cap + PCI_MSIX_TABLE);
  const bar = pci_resource(pdev, table & 7);
  return bar === null ? null : ioremap(pdev.core.rc, pdev.core.irqs.cpus, bar.base + (table & ~7), size * ENTRY_SIZE);
}

/** Everything is masked as a whole until all vectors are set up and each is masked by its own bit. */
function msix_capability_init(
  pdev: PciDev,
  entries: MsixEntry[] | null,
  nvec: number,
  size: number,
  affd: IrqAffinity | null,
): number {
  const { irqs } = pdev.core;
  const flags = pdev.msix_cap + PCI_MSIX_FLAGS;
  config_clear_set(pdev, flags, 0, PCI_MSIX_FLAGS_MASKALL | PCI_MSIX_FLAGS_ENABLE);
  const io = map(pdev, size);
  let err = io === null ? -ENOMEM : 0;
  if (io !== null) {
    const chip = new MsixChip(irqs, io, `PCI-MSIX-${pdev.name}`);
    const masks = affd === null ? null : irq_create_affinity_masks(irqs, nvec, affd);
    for (let i = 0; i < nvec && err === 0; i++) {
      if (!msi_add(pdev, chip, entries?.[i].entry ?? i, masks?.[i] ?? null)) err = -ENOSPC;
    }
    if (err === 0) {
      for (let i = 0; i < size; i++) writel(io, i * ENTRY_SIZE + VECTOR_CTRL, MASKBIT);
      for (const desc of pdev.msi_descs) chip.retarget(desc);
      readl(io, VECTOR_CTRL);
    }
  }
  if (err !== 0) {
    msi_remove(pdev);
    config_clear_set(pdev, flags, PCI_MSIX_FLAGS_MASKALL | PCI_MSIX_FLAGS_ENABLE, 0);
    return err;
  }
  pci_intx(pdev, false);
  config_clear_set(pdev, flags, PCI_MSIX_FLAGS_MASKALL, 0);
  pdev.msix_enabled = true;
  pdev.msi_descs.forEach((desc, i) => {
    if (entries !== null) entries[i].vector = desc.irq;
  });
  return 0;
}

/** `pci_disable_msix`: back to the line. The interrupts must have been freed: DriverError IRQ_IN_USE. */
export function pci_disable_msix(pdev: PciDev): void {
  if (!pdev.msix_enabled) return;
  for (const desc of pdev.msi_descs) desc.chip.mask(desc);
  msi_remove(pdev);
  config_clear_set(pdev, pdev.msix_cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 0);
  pci_intx(pdev, true);
  pdev.msix_enabled = false;
}
