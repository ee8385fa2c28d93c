import {
  IRQ_HANDLED,
  IRQ_IS_POLLED,
  IRQ_NONE,
  IRQ_WAKE_THREAD,
  IRQS_POLL_INPROGRESS,
  IRQS_SPURIOUS_DISABLED,
} from './constants.js';
import type { IrqCore } from './core.js';
import type { IrqDesc } from './desc.js';
import { irq_disable } from './enable.js';

/** Interrupts per judgement, and unhandled ones among them that a line survives. */
const SPURIOUS_PERIOD = 100000;
const SPURIOUS_LIMIT = 99900;
/** In `threads_handled_last`: the result of the last interrupt was left to its thread. */
const SPURIOUS_DEFERRED = 0x80000000 | 0;
/** Bad results the kernel tells of. */
const MAX_REPORTS = 100;

/**
 * `note_interrupt`: a line of which more than 99,900 of 100,000 interrupts nobody handled is switched off, and its handlers are
 * polled ten times a second from then on. Unhandled ones that come more than a tenth of a second apart start the count anew.
 * An interrupt that only woke threads is judged when the next one comes: by then they have said what they found.
 */
export function note_interrupt(core: IrqCore, desc: IrqDesc, result: number): void {
  if ((desc.state & IRQS_POLL_INPROGRESS) !== 0 || (desc.settings & IRQ_IS_POLLED) !== 0) return;
  if ((result & ~(IRQ_HANDLED | IRQ_WAKE_THREAD)) !== 0) {
    desc.bogus++;
    if (core.bad_reports++ < MAX_REPORTS) {
      core.log.print(`irq event ${desc.irq}: bogus return value ${(result >>> 0).toString(16)}`);
    }
    return;
  }
  let ret = result;
  if ((ret & IRQ_WAKE_THREAD) !== 0) {
    ret = judge_thread(desc, ret);
    if (ret < 0) return;
  }
  if (ret === IRQ_NONE) {
    const now = core.cpus.jiffies();
    const late = ((desc.last_unhandled + tenth(core) - now) | 0) < 0;
    desc.irqs_unhandled = late ? 1 : desc.irqs_unhandled + 1;
    desc.last_unhandled = now;
  }
  if (core.irqfixup !== 0) core.misrouted(desc, ret);
  if (desc.irqs_unhandled === 0) return;
  if (++desc.irq_count < SPURIOUS_PERIOD) return;
  desc.irq_count = 0;
  if (desc.irqs_unhandled > SPURIOUS_LIMIT) kill(core, desc);
  desc.irqs_unhandled = 0;
}

/** HZ/10. */
function tenth(core: IrqCore): number {
  return Math.floor(core.cpus.params.hz / 10);
}

/**
 * What an interrupt that woke threads counts as: handled when a primary handler said so; else what the threads of the interrupt
 * before it achieved; -1: not judged, it is the first of its kind.
 */
function judge_thread(desc: IrqDesc, ret: number): number {
  if (ret !== IRQ_WAKE_THREAD) {
    desc.threads_handled_last &= ~SPURIOUS_DEFERRED;
    return ret;
  }
  if ((desc.threads_handled_last & SPURIOUS_DEFERRED) === 0) {
    desc.threads_handled_last |= SPURIOUS_DEFERRED;
    return -1;
  }
  const handled = desc.threads_handled | SPURIOUS_DEFERRED;
  if (handled === desc.threads_handled_last) return IRQ_NONE;
  desc.threads_handled_last = handled;
  return IRQ_HANDLED;
}

function kill(core: IrqCore, desc: IrqDesc): void {
  core.log.print(`irq ${desc.irq}: nobody cared (try booting with the "irqpoll" option)`);
  core.log.print(`Disabling IRQ #${desc.irq}`);
  desc.state |= IRQS_SPURIOUS_DISABLED;
  desc.depth++;
  irq_disable(desc);
  arm_spurious_poll(core);
}

/** Lets the poll come at the tick that is HZ/10 after the present one. */
export function arm_spurious_poll(core: IrqCore): void {
  const hz = core.cpus.params.hz;
  const now = core.cpus.sim.clock[0];
  const seconds = Math.floor(now / 1e9);
  const tick = Math.floor(((now - seconds * 1e9) * hz) / 1e9) + tenth(core);
  core.arm_poll(seconds * 1e9 + Math.ceil((tick * 1e9) / hz) - now);
}
