import { ACCT_INTERRUPTS } from '../../src/cpu/index.js';
import { IRQS_DISABLED, IRQS_INPROGRESS, IRQS_MASKED } from '../../src/driver/index.js';
import { GSI, type Rig } from './shared-rig.js';

const REDIR_REMOTE_IRR = 1 << 14;
const REDIR_MASKED = 1 << 16;

/** What holds at every moment; '' when all does. */
export function alwaysTrue(rig: Rig): string {
  for (const [i, device] of rig.devices.entries()) {
    const asks = device.card === null && device.asserts();
    if (device.config.interruptStatus() !== asks) return `Status.IntStatus of dev${i} is not ${asks}`;
    const { seen } = rig.sharers[i];
    for (let event = 1; event < seen.length; event++) {
      if ((seen[event] ?? 0) > 1) return `event ${event} of dev${i} was handled ${seen[event]} times`;
      if (seen[event] !== undefined && event > device.tail) return `event ${event} of dev${i} never happened`;
    }
  }
  const { ioapic, router } = rig.apics;
  if ((ioapic.level[GSI] === 0) !== router.asserting[GSI] > 0) return 'the pin is not what the wires say';
  return '';
}

/** The pin is active exactly while a function asserts that may. */
function lineAgrees(rig: Rig): string {
  const asserting = rig.devices.filter((d) => d.card === null && d.asserts() && d.config.intxAllowed).length;
  // The entry of a line without handlers has no polarity; the wire is low when it is pulled.
  const active = rig.apics.ioapic.level[GSI] === 0;
  return active === asserting > 0 ? '' : `the pin is ${active ? '' : 'not '}active with ${asserting} devices asserting`;
}

function controllersAtRest(rig: Rig): string {
  const { ioapic, lapics } = rig.apics;
  const low = ioapic.entryLow(GSI);
  if ((low & REDIR_REMOTE_IRR) !== 0) return 'Remote IRR is set';
  for (const lapic of lapics) {
    if (lapic.pending) return 'an interrupt waits in a CPU';
    if (lapic.isr.some((word) => word !== 0)) return 'an interrupt is in service';
  }
  const { desc } = rig;
  const masked = (desc.state & IRQS_MASKED) !== 0;
  const entry = (low & REDIR_MASKED) !== 0;
  if (rig.options.message !== true && !rig.rawMasked && masked !== entry)
    return 'the entry is not masked as the core thinks';
  if ((desc.state & IRQS_INPROGRESS) !== 0) return 'handlers are in progress';
  if (desc.threads_active !== 0 || desc.threads_oneshot !== 0) return 'threads are active';
  return '';
}

/** Each call of the flow calls each handler once, and is one interrupt. */
function countsAgree(rig: Rig): string {
  const interrupts = rig.interrupts();
  for (const [i, d] of rig.sharers.entries()) {
    const called = rig.options.threaded === true && i === 3 ? interrupts : d.calls;
    if (!rig.away.has(i) && !rig.rebound.has(i) && called !== interrupts)
      return `dev${i}: ${called} calls, ${interrupts} interrupts`;
  }
  const taken = rig.cpus.cpus.reduce((sum, cpu) => sum + cpu.acct[ACCT_INTERRUPTS], 0);
  if (interrupts > taken) return `${interrupts} interrupts counted, ${taken} taken`;
  if (!rig.wasDisabled && rig.options.cpus === undefined && interrupts !== taken)
    return `${interrupts} counted, ${taken} taken`;
  return '';
}

/** What holds when nothing is under way: nothing is lost. */
export function atRest(rig: Rig): string {
  const wrong = lineAgrees(rig) || controllersAtRest(rig) || countsAgree(rig);
  if (wrong !== '') return wrong;
  const { desc } = rig;
  const open = (desc.state & IRQS_DISABLED) === 0 && !rig.rawMasked;
  if (open && (desc.state & IRQS_MASKED) !== 0) return 'the line is enabled and masked';
  for (let i = 0; i < rig.devices.length; i++) {
    if (rig.away.has(i) || rig.owed(i).length === 0) continue;
    if (open) return `dev${i} waits with event ${rig.owed(i)[0]}, and nothing is under way`;
    // Not now, but its interrupt is still to come: by the line that it holds, or as remembered.
    if (rig.options.message !== true && !rig.devices[i].asserts()) return `dev${i} waits and asks for nothing`;
  }
  return '';
}

/** At the end, with everything enabled again: all events were handled, once. */
export function allServed(rig: Rig): string {
  if (rig.desc.depth !== 0) return `the line is disabled ${rig.desc.depth} deep at the end`;
  for (let i = 0; i < rig.devices.length; i++) {
    if (rig.owed(i).length !== 0) return `dev${i}: events ${rig.owed(i).join(', ')} were lost`;
  }
  return '';
}
