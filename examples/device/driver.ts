import {
  type DriverFactory,
  type DriverHost,
  dma_alloc_coherent,
  dma_free_coherent,
  free_irq,
  IRQ_HANDLED,
  IRQ_NONE,
  IRQF_SHARED,
  type MappedIo,
  mod_timer,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  type PciDev,
  type PciDriver,
  pci_alloc_irq_vectors,
  pci_clear_master,
  pci_disable_device,
  pci_enable_device,
  pci_free_irq_vectors,
  pci_info,
  pci_ioremap_bar,
  pci_irq_vector,
  pci_set_drvdata,
  pci_set_master,
  readl,
  request_irq,
  type TimerList,
  timer_delete,
  timer_setup,
  timer_shutdown,
  writel,
} from 'softirq/driver';
import { EIO, ENOMEM, ENOSPC, ETIMEDOUT } from 'softirq/uapi';
import * as R from './regs.js';

/** Descriptors in the ring; one stays empty, so that full and empty differ. */
const SIZE = 8;
const TIMEOUT_NS = 50_000_000;

/** A copy asked for. `status`: 1 while it is under way, then 0 or -errno. */
export class Job {
  status = 1;
  crc = 0;
}

/** One engine, what its driver keeps. */
export class Copier {
  readonly pdev: PciDev;
  readonly io: MappedIo;
  readonly ring: number;
  readonly watchdog: TimerList<Copier>;
  jobs: (Job | null)[] = new Array<Job | null>(SIZE).fill(null);
  head = 0;
  tail = 0;

  constructor(host: DriverHost, pdev: PciDev, io: MappedIo, ring: number) {
    this.pdev = pdev;
    this.io = io;
    this.ring = ring;
    this.watchdog = timer_setup(host, copier_timeout, this);
  }

  /** Starts copying `length` bytes from `source` to `target`, addresses of this machine. A job, or -ENOSPC when the ring is full. */
  copy(source: number, target: number, length: number): Job | number {
    const next = (this.tail + 1) % SIZE;
    if (next === this.head) return -ENOSPC;
    const job = new Job();
    this.jobs[this.tail] = job;
    this.descriptor(this.tail).set([source, target, length, 0, 0]);
    this.tail = next;
    writel(this.io, R.TAIL, this.tail);
    mod_timer(this.watchdog, TIMEOUT_NS);
    return job;
  }

  descriptor(i: number): Int32Array {
    const word = (this.ring + i * R.DESC_BYTES) >> 2;
    return this.pdev.core.rc.memory.arena.i32.subarray(word, word + R.DESC_BYTES / 4);
  }

  /** Ends job `head` with `status`. */
  complete(status: number, crc: number): void {
    const job = this.jobs[this.head] as Job;
    job.status = status;
    job.crc = crc >>> 0;
    this.jobs[this.head] = null;
    this.head = (this.head + 1) % SIZE;
  }
}

function copier_irq(_irq: number, c: Copier): number {
  const cause = readl(c.io, R.CAUSE);
  if (cause === 0) return IRQ_NONE;
  writel(c.io, R.CAUSE, cause);
  readl(c.io, R.CAUSE);
  reap(c);
  return IRQ_HANDLED;
}

function reap(c: Copier): void {
  while (c.head !== c.tail) {
    const [, , , status, crc] = c.descriptor(c.head);
    if ((status & R.STATUS_DONE) === 0) break;
    c.complete((status & R.STATUS_ERROR) !== 0 ? -EIO : 0, crc);
  }
  if (c.head === c.tail) timer_delete(c.watchdog);
}

/** Nothing came for 50 ms: the engine hangs. */
function copier_timeout(c: Copier): void {
  pci_info(c.pdev, `hung at descriptor ${readl(c.io, R.HEAD)}, reset`);
  while (c.head !== c.tail) c.complete(-ETIMEDOUT, 0);
  copier_start(c);
}

function copier_start(c: Copier): void {
  writel(c.io, R.CTRL, R.CTRL_RESET);
  c.head = c.tail = 0;
  writel(c.io, R.RING, c.ring);
  writel(c.io, R.SIZE, SIZE);
  writel(c.io, R.MASK, R.CAUSE_DONE);
  writel(c.io, R.CTRL, R.CTRL_RUN);
}

class CopierDriver implements PciDriver {
  readonly name = 'copier';
  readonly id_table = [{ vendor: R.VENDOR, device: R.DEVICE }];
  readonly host: DriverHost;
  readonly kinds: number;

  constructor(host: DriverHost, kinds: number) {
    this.host = host;
    this.kinds = kinds;
  }

  probe(pdev: PciDev): number {
    let err = pci_enable_device(pdev);
    if (err !== 0) return err;
    pci_set_master(pdev);
    const io = pci_ioremap_bar(pdev, 0);
    const vectors = pci_alloc_irq_vectors(pdev, 1, 1, this.kinds);
    const ring = dma_alloc_coherent(pdev, SIZE * R.DESC_BYTES);
    err = io === null ? -EIO : vectors < 0 ? vectors : ring === 0 ? -ENOMEM : this.start(pdev, io, ring);
    if (err !== 0) release(pdev, ring);
    return err;
  }

  private start(pdev: PciDev, io: MappedIo, ring: number): number {
    const c = new Copier(this.host, pdev, io, ring);
    const err = request_irq(pdev.core.irqs, pci_irq_vector(pdev, 0), copier_irq, IRQF_SHARED, this.name, c);
    if (err !== 0) return err;
    pci_set_drvdata(pdev, c);
    copier_start(c);
    return 0;
  }

  remove(pdev: PciDev): void {
    const c = pdev.drvdata as Copier;
    writel(c.io, R.CTRL, R.CTRL_RESET);
    timer_shutdown(c.watchdog);
    free_irq(pdev.core.irqs, pci_irq_vector(pdev, 0), c);
    while (c.head !== c.tail) c.complete(-EIO, 0);
    release(pdev, c.ring);
  }
}

function release(pdev: PciDev, ring: number): void {
  if (ring !== 0) dma_free_coherent(pdev, SIZE * R.DESC_BYTES, ring);
  pci_free_irq_vectors(pdev);
  pci_clear_master(pdev);
  pci_disable_device(pdev);
}

/** For `devices: [{ create, driver: copier() }]`; `kinds` are the interrupts it may use, PCI_IRQ_*. */
export function copier(kinds: number = PCI_IRQ_MSI | PCI_IRQ_INTX): DriverFactory {
  return (host) => new CopierDriver(host, kinds);
}
