import {
  PCI_EXP_DEVCAP,
  PCI_EXP_DEVCAP_FLR,
  PCI_EXP_DEVCTL,
  PCI_EXP_DEVSTA,
  PCI_EXP_FLAGS,
  PCI_EXP_FLAGS_TYPE,
  PCI_EXP_FLAGS_VERS,
  PCI_EXP_LNKCAP,
  PCI_EXP_LNKCTL,
  PCI_EXP_LNKSTA,
} from '../regs.js';
import { flags, hex, type Registers } from './text.js';

/** Port types a function without a bridge can have. */
const TYPE_NAMES: Record<number, string> = {
  0: 'Endpoint',
  1: 'Legacy Endpoint',
  9: 'Root Complex Integrated Endpoint',
};
const TYPE_ENDPOINT = 0;
const TYPE_ROOT_INTEGRATED = 9;

const L0S = ['<64ns', '<128ns', '<256ns', '<512ns', '<1us', '<2us', '<4us', 'unlimited'];
const L1 = ['<1us', '<2us', '<4us', '<8us', '<16us', '<32us', '<64us', 'unlimited'];
const SPEEDS = ['unknown', '2.5GT/s', '5GT/s', '8GT/s', '16GT/s', '32GT/s', '64GT/s'];
const ASPM_SUPPORT = ['not supported', 'L0s', 'L1', 'L0s L1'];
const ASPM_STATE = ['Disabled', 'L0s Enabled', 'L1 Enabled', 'L0s L1 Enabled'];
const POWER_SCALE = [1, 10, 100, 1000];

/** A PCI Express capability; of a version above 1 only what version 1 has. */
export function expressLines(r: Registers, at: number, verbose: number): string[] {
  const f = r.u16(at + PCI_EXP_FLAGS);
  const type = (f & PCI_EXP_FLAGS_TYPE) >> 4;
  const version = verbose > 1 ? `(v${f & PCI_EXP_FLAGS_VERS}) ` : '';
  const name = TYPE_NAMES[type] ?? `Unknown type ${type}`;
  const lines = [`Express ${version}${name}, MSI ${hex((f >> 9) & 31, 2)}`, ...deviceLines(r, at, type)];
  if (type !== TYPE_ROOT_INTEGRATED) lines.push(...linkLines(r, at));
  return lines;
}

function deviceLines(r: Registers, at: number, type: number): string[] {
  const cap = r.u32(at + PCI_EXP_DEVCAP);
  const control = r.u16(at + PCI_EXP_DEVCTL);
  const endpoint = type === TYPE_ENDPOINT || type === 1;
  const latency = endpoint ? `, Latency L0s ${L0S[(cap >> 6) & 7]}, L1 ${L1[(cap >> 9) & 7]}` : '';
  const buttons: [string, number][] = [
    ['AttnBtn', 0x1000],
    ['AttnInd', 0x2000],
    ['PwrInd', 0x4000],
  ];
  const able: [string, number][] = [['ExtTag', 0x20], ...(endpoint ? buttons : []), ['RBE', 0x8000]];
  const flr = (cap & PCI_EXP_DEVCAP_FLR) !== 0;
  const order: [string, number][] = [
    ['RlxdOrd', 0x10],
    ['ExtTag', 0x100],
    ['PhantFunc', 0x200],
    ['AuxPwr', 0x400],
    ['NoSnoop', 0x800],
  ];
  // The bit is shown only where it means a reset.
  if (flr) order.push(['FLReset', 0x8000]);
  return [
    `\t\tDevCap:\tMaxPayload ${128 << (cap & 7)} bytes, PhantFunc ${(1 << ((cap >> 3) & 3)) - 1}${latency}`,
    `\t\t\t${flags(cap, able)} FLReset${flr ? '+' : '-'}${type === TYPE_ENDPOINT ? slotPower(cap) : ''}`,
    `\t\tDevCtl:\t${flags(control, [
      ['CorrErr', 1],
      ['NonFatalErr', 2],
      ['FatalErr', 4],
      ['UnsupReq', 8],
    ])}`,
    `\t\t\t${flags(control, order)}`,
    `\t\t\tMaxPayload ${128 << ((control >> 5) & 7)} bytes, MaxReadReq ${128 << ((control >> 12) & 7)} bytes`,
    `\t\tDevSta:\t${flags(r.u16(at + PCI_EXP_DEVSTA), [
      ['CorrErr', 1],
      ['NonFatalErr', 2],
      ['FatalErr', 4],
      ['UnsupReq', 8],
      ['AuxPwr', 16],
      ['TransPend', 32],
    ])}`,
  ];
}

/** Captured slot power limit, in watts; the values from 0xf0 on stand for steps of 25 W from 250 W. */
function slotPower(cap: number): string {
  const value = (cap >>> 18) & 0xff;
  const scale = POWER_SCALE[(cap >>> 26) & 3];
  if (value === 0xff && scale === 1) return ' SlotPowerLimit >600W';
  const watts = value >= 0xf0 && scale === 1 ? 250 + 25 * (value - 0xf0) : value / scale;
  return ` SlotPowerLimit ${watts}W`;
}

function linkLines(r: Registers, at: number): string[] {
  const cap = r.u32(at + PCI_EXP_LNKCAP);
  const control = r.u16(at + PCI_EXP_LNKCTL);
  const status = r.u16(at + PCI_EXP_LNKSTA);
  const aspm = (cap >> 10) & 3;
  const exits: string[] = [];
  if ((aspm & 1) !== 0) exits.push(`L0s ${L0S[(cap >> 12) & 7]}`);
  if ((aspm & 2) !== 0) exits.push(`L1 ${L1[(cap >> 15) & 7]}`);
  const exit = exits.length > 0 ? `, Exit Latency ${exits.join(', ')}` : '';
  return [
    `\t\tLnkCap:\tPort #${cap >>> 24}, Speed ${speed(cap)}, Width x${(cap >> 4) & 63}, ASPM ${ASPM_SUPPORT[aspm]}${exit}`,
    `\t\t\t${flags(cap, [
      ['ClockPM', 0x40000],
      ['Surprise', 0x80000],
      ['LLActRep', 0x100000],
      ['BwNot', 0x200000],
      ['ASPMOptComp', 0x400000],
    ])}`,
    `\t\tLnkCtl:\tASPM ${ASPM_STATE[control & 3]}; RCB ${(control & 8) !== 0 ? 128 : 64} bytes, ${flags(control, [
      ['Disabled', 0x10],
      ['CommClk', 0x40],
    ])}`,
    `\t\t\t${flags(control, [
      ['ExtSynch', 0x80],
      ['ClockPM', 0x100],
      ['AutWidDis', 0x200],
      ['BWInt', 0x400],
      ['AutBWInt', 0x800],
    ])}`,
    `\t\tLnkSta:\tSpeed ${speed(status)}${compared(status & 15, cap & 15)}, ` +
      `Width x${(status >> 4) & 63}${compared((status >> 4) & 63, (cap >> 4) & 63)}`,
    `\t\t\t${flags(status, [
      ['TrErr', 0x400],
      ['Train', 0x800],
      ['SlotClk', 0x1000],
      ['DLActive', 0x2000],
      ['BWMgmt', 0x4000],
      ['ABWMgmt', 0x8000],
    ])}`,
  ];
}

function speed(word: number): string {
  return SPEEDS[word & 15] ?? 'unknown';
}

/** How what the link does compares with what it can. */
function compared(now: number, can: number): string {
  if (now === can) return '';
  return now < can ? ' (downgraded)' : ' (overdriven)';
}
