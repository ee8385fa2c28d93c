import { EIO } from '../../uapi/index.js';
import { free_irq, IRQF_SHARED, request_irq } from '../irq/index.js';
import { readl, writel } from '../mmio.js';
import {
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  PCI_IRQ_MSIX,
  pci_alloc_irq_vectors,
  pci_free_irq_vectors,
  pci_irq_vector,
} from '../pci/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1e_flush } from './hw.js';
import { e1000_intr, e1000_intr_msi, e1000_intr_msix_rx, e1000_intr_msix_tx, e1000_msix_other } from './intr.js';
import { e1000e_write_itr } from './itr.js';
import {
  E1000_CTRL_EXT,
  E1000_CTRL_EXT_EIAME,
  E1000_CTRL_EXT_IAME,
  E1000_CTRL_EXT_PBA_CLR,
  E1000_EIAC_82574,
  E1000_EIAC_MASK_82574,
  E1000_ICR_OTHER,
  E1000_ICR_RXQ0,
  E1000_ICR_TXQ0,
  E1000_IMC,
  E1000_IMS,
  E1000_IVAR,
  E1000_IVAR_INT_ALLOC_VALID,
  E1000_IVAR_TX_EVERY_WB,
  IMS_ENABLE_MASK,
  IMS_OTHER_MASK,
} from './regs.js';

/** Receive queue, transmit queue, everything else. */
const MSIX_VECTORS = 3;
/** Causes of the first two vectors, which EIAC clears. */
const EIAC_MASK: number = E1000_ICR_RXQ0 | E1000_ICR_TXQ0;

/**
 * `e1000e_set_interrupt_capability`: three MSI-X vectors, or one message, or the line, the first of them from `mode` on that can be had. 0,
 * or -errno when not even the line is there.
 */
export function e1000e_set_interrupt_capability(a: E1000Adapter, mode: 'msix' | 'msi' | 'intx'): number {
  const { pdev } = a;
  a.vectors = 1;
  if (mode === 'msix') {
    if (pci_alloc_irq_vectors(pdev, MSIX_VECTORS, MSIX_VECTORS, PCI_IRQ_MSIX) > 0) {
      a.vectors = MSIX_VECTORS;
      return 0;
    }
    say(a, 'Failed to initialize MSI-X interrupts.  Falling back to MSI interrupts.');
  }
  if (mode !== 'intx') {
    if (pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI) > 0) return 0;
    say(a, 'Failed to initialize MSI interrupts.  Falling back to legacy interrupts.');
  }
  const err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_INTX);
  return err < 0 ? err : 0;
}

/** A line in the log, as `e_err` writes it; before the device has its name, with the function's. */
function say(a: E1000Adapter, text: string): void {
  a.irqs.log.print(`e1000e ${a.pdev.name}${a.dev === undefined ? '' : ` ${a.dev.name}`}: ${text}`);
}

/** `e1000e_reset_interrupt_capability`: back to the line, if there is one. */
export function e1000e_reset_interrupt_capability(a: E1000Adapter): void {
  pci_free_irq_vectors(a.pdev);
  a.vectors = 1;
}

/**
 * `e1000_request_irq`: handlers for what the probe was given; when the vectors cannot be had now, the next lesser kind. 0, or what
 * `request_irq` answered for the line.
 */
export function e1000_request_irq(a: E1000Adapter): number {
  if (a.vectors > 1) {
    if (request_msix(a) === 0) return 0;
    e1000e_reset_interrupt_capability(a);
    const err = e1000e_set_interrupt_capability(a, 'msi');
    if (err !== 0) return err;
  }
  if (a.pdev.msi_enabled) {
    if (request(a, 0, e1000_intr_msi, 0, a.dev.name) === 0) return up(a, IMS_ENABLE_MASK, true);
    e1000e_reset_interrupt_capability(a);
    const err = e1000e_set_interrupt_capability(a, 'intx');
    if (err !== 0) return err;
  }
  const err = request(a, 0, e1000_intr, IRQF_SHARED, a.dev.name);
  if (err !== 0) say(a, `Unable to allocate interrupt, Error: ${err}`);
  return err === 0 ? up(a, IMS_ENABLE_MASK, true) : err;
}

function up(a: E1000Adapter, ims_poll: number, poll_tx: boolean): number {
  a.irq = pci_irq_vector(a.pdev, 0);
  a.ims_poll = ims_poll;
  a.poll_tx = poll_tx;
  return 0;
}

type Handler = (irq: number, a: E1000Adapter) => number;

function request(a: E1000Adapter, vector: number, handler: Handler, flags: number, name: string): number {
  const irq = pci_irq_vector(a.pdev, vector);
  return irq < 0 ? -EIO : request_irq(a.irqs, irq, handler, flags, name, a);
}

/** `e1000_request_msix`: all three, or none. */
function request_msix(a: E1000Adapter): number {
  const { name } = a.dev;
  const handlers: readonly (readonly [Handler, string])[] = [
    [e1000_intr_msix_rx, `${name}-rx-0`],
    [e1000_intr_msix_tx, `${name}-tx-0`],
    [e1000_msix_other, name],
  ];
  for (let v = 0; v < handlers.length; v++) {
    const [handler, label] = handlers[v] as readonly [Handler, string];
    const err = request(a, v, handler, 0, label);
    if (err === 0) continue;
    while (--v >= 0) free_irq(a.irqs, pci_irq_vector(a.pdev, v), a);
    return err;
  }
  return up(a, E1000_ICR_RXQ0, false);
}

/** `e1000_free_irq`. */
export function e1000_free_irq(a: E1000Adapter): void {
  if (a.irq === 0) return;
  for (let v = 0; v < a.vectors; v++) free_irq(a.irqs, pci_irq_vector(a.pdev, v), a);
  a.irq = 0;
}

/**
 * `e1000_configure_msix`: cause to vector, and moderation of each vector; causes are masked and cleared as their message goes. Does nothing
 * without MSI-X.
 */
export function e1000_configure_msix(a: E1000Adapter): void {
  if (a.vectors === 1) return;
  const { io } = a;
  a.moderation.pending = false;
  e1000e_write_itr(a);
  let ivar = E1000_IVAR_TX_EVERY_WB;
  for (let v = 0; v < a.vectors; v++) ivar |= (E1000_IVAR_INT_ALLOC_VALID | v) << (8 * v);
  writel(io, E1000_IVAR, ivar);
  const ctrl_ext = readl(io, E1000_CTRL_EXT) & ~E1000_CTRL_EXT_IAME;
  writel(io, E1000_CTRL_EXT, ctrl_ext | E1000_CTRL_EXT_PBA_CLR | E1000_CTRL_EXT_EIAME);
  e1e_flush(io);
}

/** `e1000_irq_enable`. */
export function e1000_irq_enable(a: E1000Adapter): void {
  const { io } = a;
  if (a.vectors === 1) writel(io, E1000_IMS, IMS_ENABLE_MASK);
  else {
    writel(io, E1000_EIAC_82574, EIAC_MASK & E1000_EIAC_MASK_82574);
    writel(io, E1000_IMS, EIAC_MASK | E1000_ICR_OTHER | IMS_OTHER_MASK);
  }
  e1e_flush(io);
}

/** `e1000_irq_disable`; handlers are blocks, so none is under way when this returns. */
export function e1000_irq_disable(a: E1000Adapter): void {
  const { io } = a;
  writel(io, E1000_IMC, -1);
  if (a.vectors > 1) writel(io, E1000_EIAC_82574, 0);
  e1e_flush(io);
}
