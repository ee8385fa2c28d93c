import { readl } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { OP_MSI_FAILED, OP_MSI_TEST } from './events.js';
import { e1000_writel } from './guarded.js';
import {
  e1000_free_irq,
  e1000_irq_disable,
  e1000_irq_enable,
  e1000_request_irq,
  e1000e_reset_interrupt_capability,
  e1000e_set_interrupt_capability,
} from './irq.js';
import { E1000_ICR, E1000_ICR_RXSEQ, E1000_ICS, E1000_IMS, IMS_ENABLE_MASK } from './regs.js';

/** How long an interrupt may take. */
const WAIT_NS = 100_000_000;
const NOT_TESTED = 0;
const WAITING = 1;
const FIRED = 2;

/*
 * The test of `e1000_test_msi`: some chipsets ignore messages, so after an open it must be seen that one arrives. The kernel driver fires an
 * unusual cause at a handler made for the test and sleeps 100 ms. Here the device is in use meanwhile: the first link interrupt passes the
 * test; if there is none in 100 ms, the cause is fired, and 100 ms later the line is used in place of messages if still none has come.
 */

/** The device was opened with one message. */
export function e1000_test_msi_start(a: E1000Adapter): void {
  if (!a.pdev.msi_enabled || a.vectors > 1) return;
  a.msi_test_step = WAITING;
  a.msi_test_count = interrupts(a);
  a.msi_test = a.net.timers.createTimer(a.target, OP_MSI_TEST, 0, true);
  a.net.timers.mod_timer(a.msi_test, WAIT_NS);
}

/** Interrupts handled so far, on all CPUs. */
function interrupts(a: E1000Adapter): number {
  let sum = 0;
  for (const n of a.irqs.irq_to_desc(a.irq)?.kstat ?? []) sum += n;
  return sum;
}

/** A message has arrived. */
export function e1000_test_msi_passed(a: E1000Adapter): void {
  if (a.msi_test >= 0) e1000_test_msi_cancel(a);
}

/** No more waiting: passed, or the device goes down. */
export function e1000_test_msi_cancel(a: E1000Adapter): void {
  if (a.msi_test < 0) return;
  a.net.timers.freeTimer(a.msi_test);
  a.msi_test = -1;
  a.msi_test_step = NOT_TESTED;
}

/** 100 ms have passed. */
export function e1000_msi_test_due(a: E1000Adapter): void {
  if (a.down) return;
  const arrived = interrupts(a) !== a.msi_test_count;
  if (!arrived && a.msi_test_step === WAITING) {
    a.msi_test_step = FIRED;
    // What waits in ICR has been signalled, and would keep a new cause from being so: it is taken out and raised again.
    const icr = readl(a.io, E1000_ICR);
    e1000_writel(a, E1000_IMS, IMS_ENABLE_MASK);
    e1000_writel(a, E1000_ICS, E1000_ICR_RXSEQ | (icr & IMS_ENABLE_MASK));
    a.net.timers.mod_timer(a.msi_test, WAIT_NS);
    return;
  }
  e1000_test_msi_cancel(a);
  // Handlers are not exchanged in a softirq: that is for the end of the block.
  if (!arrived) a.cpus.smp_processor().effect(a.target, OP_MSI_FAILED, 0, 0);
}

/** Messages do not arrive: the line takes their place. */
export function e1000_msi_test_failed(a: E1000Adapter): void {
  if (a.down || a.vectors > 1 || !a.pdev.msi_enabled) return;
  const { log } = a.irqs;
  const who = `e1000e ${a.pdev.name} ${a.dev.name}`;
  log.print(`${who}: MSI interrupt test failed, using legacy interrupt.`);
  e1000_irq_disable(a);
  e1000_free_irq(a);
  e1000e_reset_interrupt_capability(a);
  let err = e1000e_set_interrupt_capability(a, 'intx');
  if (err === 0) err = e1000_request_irq(a);
  if (err === 0) e1000_irq_enable(a);
  else log.print(`${who}: Interrupt allocation failed`);
}
