/*
 * The register page of a local APIC (SDM vol. 3A, table "Local APIC Register Address Map"): 32-bit registers on 16-byte
 * boundaries. An access to a reserved place reads 0, does nothing, and is an Illegal Register Address error.
 */
import {
  APIC_ARBPRI,
  APIC_DFR,
  APIC_EOI,
  APIC_ESR,
  APIC_ESR_ILLREGA,
  APIC_ICR,
  APIC_ICR2,
  APIC_ID,
  APIC_IRR,
  APIC_ISR,
  APIC_LDR,
  APIC_LVR,
  APIC_LVR_DIRECTED_EOI,
  APIC_LVTERR,
  APIC_LVTT,
  APIC_PROCPRI,
  APIC_RRR,
  APIC_SPIV,
  APIC_SPIV_APIC_ENABLED,
  APIC_SPIV_DIRECTED_EOI,
  APIC_SPIV_FOCUS_DISABLED,
  APIC_TASKPRI,
  APIC_TDCR,
  APIC_TMCCT,
  APIC_TMICT,
  APIC_TMR,
} from './apic-regs.js';
import { sendIpi } from './ipi.js';
import type { LocalApic } from './local-apic.js';
import { LVT_TIMER } from './local-vectors.js';

/** Version 0x14 with six local vector entries, the shape Pentium 4 and later report. */
const VERSION = 0x00050014;
/** Vector, modes, level, trigger, shorthand; not Delivery Status. */
const ICR_RW = 0xccfff;

/** Reads the 32-bit register at `offset` of the page (int32). */
export function readLocalApic(apic: LocalApic, offset: number): number {
  switch (offset) {
    case APIC_ID:
      return apic.id << 24;
    case APIC_LVR:
      return apic.directedEoi ? VERSION | APIC_LVR_DIRECTED_EOI : VERSION;
    case APIC_TASKPRI:
      return apic.tpr;
    case APIC_ARBPRI:
      return apic.arbitrationPriority();
    case APIC_PROCPRI:
      return apic.priority();
    case APIC_LDR:
      return apic.ldr;
    case APIC_DFR:
      return apic.dfr;
    case APIC_SPIV:
      return apic.spiv;
    case APIC_ESR:
      return apic.esr;
    case APIC_ICR:
      return apic.icrLow;
    case APIC_ICR2:
      return apic.icrHigh;
    // Write-only, and the remote read register, which nothing ever fills.
    case APIC_EOI:
    case APIC_RRR:
      return 0;
    default:
      return readTables(apic, offset);
  }
}

function readTables(apic: LocalApic, offset: number): number {
  if (offset === APIC_TMICT) return apic.timer.initialCount();
  if (offset === APIC_TMCCT) return apic.timer.currentCount();
  if (offset === APIC_TDCR) return apic.timer.divide();
  const lvt = lvtIndex(offset);
  if (lvt >= 0) return apic.lvt.read(lvt);
  if (!isVectorSet(offset)) {
    refuse(apic);
    return 0;
  }
  const word = (offset >> 4) & 7;
  if (offset < APIC_TMR) return apic.isr[word];
  return offset < APIC_IRR ? apic.tmr[word] : apic.irr[word];
}

/** Writes the 32-bit register at `offset` of the page. */
export function writeLocalApic(apic: LocalApic, offset: number, value: number): void {
  switch (offset) {
    case APIC_EOI:
      apic.eoi();
      break;
    case APIC_TASKPRI:
      apic.tpr = value & 0xff;
      apic.update();
      break;
    case APIC_ICR:
      apic.icrLow = value & ICR_RW;
      sendIpi(apic.bus, apic, value, apic.icrHigh);
      break;
    case APIC_ICR2:
      apic.icrHigh = value & 0xff000000;
      break;
    case APIC_ESR:
      apic.esr = apic.errors;
      apic.errors = 0;
      break;
    default:
      writeSetup(apic, offset, value);
  }
}

/** The registers that are written once or seldom. */
function writeSetup(apic: LocalApic, offset: number, value: number): void {
  switch (offset) {
    case APIC_ID:
      apic.id = value >>> 24;
      apic.bus.receiversChanged();
      break;
    case APIC_LDR:
      apic.ldr = value & 0xff000000;
      apic.bus.receiversChanged();
      break;
    case APIC_DFR:
      apic.dfr = value | 0x0fffffff;
      apic.bus.receiversChanged();
      break;
    case APIC_SPIV:
      writeSpiv(apic, value);
      break;
    case APIC_TMICT:
      apic.timer.setInitial(value);
      break;
    case APIC_TDCR:
      apic.timer.setDivide(value);
      break;
    default:
      writeLvt(apic, offset, value);
  }
}

/**
 * Focus checking can be stored but has no effect, as processors since the Pentium 4 have none. Clearing the enable bit
 * masks every local vector (SDM 10.4.7.2).
 */
function writeSpiv(apic: LocalApic, value: number): void {
  const writable = 0xff | APIC_SPIV_APIC_ENABLED | APIC_SPIV_FOCUS_DISABLED;
  apic.spiv = value & (apic.directedEoi ? writable | APIC_SPIV_DIRECTED_EOI : writable);
  if (apic.enabled()) apic.bus.receiversChanged();
  else apic.lvt.maskAll();
}

function writeLvt(apic: LocalApic, offset: number, value: number): void {
  const lvt = lvtIndex(offset);
  if (lvt >= 0) {
    apic.lvt.write(lvt, value);
    if (lvt === LVT_TIMER) apic.timer.modeWritten();
  } else if (isReadOnly(offset)) {
    apic.counters.readOnlyWrite++;
  } else {
    refuse(apic);
  }
}

function lvtIndex(offset: number): number {
  return (offset & 15) === 0 && offset >= APIC_LVTT && offset <= APIC_LVTERR ? (offset - APIC_LVTT) >> 4 : -1;
}

/** One of the eight words of ISR, TMR or IRR. */
function isVectorSet(offset: number): boolean {
  return (offset & 15) === 0 && offset >= APIC_ISR && offset < APIC_ESR;
}

function isReadOnly(offset: number): boolean {
  return (
    offset === APIC_LVR ||
    offset === APIC_ARBPRI ||
    offset === APIC_PROCPRI ||
    offset === APIC_RRR ||
    offset === APIC_TMCCT ||
    isVectorSet(offset)
  );
}

function refuse(apic: LocalApic): void {
  apic.counters.refusedRegister++;
  apic.error(APIC_ESR_ILLREGA);
}
