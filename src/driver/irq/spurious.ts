import { IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, IRQS_DISABLED, IRQS_SPURIOUS_DISABLED } from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { mask_irq } from './mask.js';

/** Interrupts per judgement, and unhandled ones among them that a line survives. */
const SPURIOUS_PERIOD = 100000;
const SPURIOUS_LIMIT = 99900;

/**
 * `note_interrupt`: a line of which more than 99,900 of 100,000 interrupts nobody handled is switched off. Unhandled ones that
 * come more than a tenth of a second apart start the count anew. The kernel then polls the line's handlers ten times a
 * second; that poll is not modelled: the line stays off until a handler is added to it or it is requested anew.
 */
export function note_interrupt(core: IrqCore, desc: IrqDesc, ret: number): void {
  if ((ret & ~(IRQ_HANDLED | IRQ_WAKE_THREAD)) !== 0) {
    if (desc.bogus++ === 0) core.log.print(`irq event ${desc.irq}: bogus return value ${ret.toString(16)}`);
    return;
  }
  if (ret === IRQ_NONE) {
    const now = core.cpus.jiffies();
    const tenth = Math.floor(core.cpus.params.hz / 10);
    if (((desc.last_unhandled + tenth - now) | 0) < 0) desc.irqs_unhandled = 1;
    else desc.irqs_unhandled++;
    desc.last_unhandled = now;
  }
  if (desc.irqs_unhandled === 0) return;
  if (++desc.irq_count < SPURIOUS_PERIOD) return;
  desc.irq_count = 0;
  if (desc.irqs_unhandled > SPURIOUS_LIMIT) {
    core.log.print(`irq ${desc.irq}: nobody cared (try booting with the "irqpoll" option)`);
    core.log.print(`Disabling IRQ #${desc.irq}`);
    desc.state |= IRQS_SPURIOUS_DISABLED | IRQS_DISABLED;
    desc.depth++;
    mask_irq(desc);
  }
  desc.irqs_unhandled = 0;
}
