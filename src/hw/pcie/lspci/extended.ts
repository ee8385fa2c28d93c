import { EXTENDED_CONFIG } from '../config-space.js';
import {
  PCI_ERR_CAP,
  PCI_ERR_CAP_FEP,
  PCI_ERR_COR_MASK,
  PCI_ERR_COR_STATUS,
  PCI_ERR_HEADER_LOG,
  PCI_ERR_UNCOR_MASK,
  PCI_ERR_UNCOR_SEVER,
  PCI_ERR_UNCOR_STATUS,
  PCI_EXT_CAP_ID_DSN,
  PCI_EXT_CAP_ID_ERR,
} from '../regs.js';
import { flags, hex, type Registers } from './text.js';

const UNCORRECTABLE: [string, number][] = [
  ['DLP', 0x10],
  ['SDES', 0x20],
  ['TLP', 0x1000],
  ['FCP', 0x2000],
  ['CmpltTO', 0x4000],
  ['CmpltAbrt', 0x8000],
  ['UnxCmplt', 0x10000],
  ['RxOF', 0x20000],
  ['MalfTLP', 0x40000],
  ['ECRC', 0x80000],
  ['UnsupReq', 0x100000],
  ['ACSViol', 0x200000],
];
const CORRECTABLE: [string, number][] = [
  ['RxErr', 0x1],
  ['BadTLP', 0x40],
  ['BadDLLP', 0x80],
  ['Rollover', 0x100],
  ['Timeout', 0x1000],
  ['AdvNonFatalErr', 0x2000],
];

/** Extended capabilities from 0x100 on; a list that returns to an entry ends there. */
export function extendedLines(r: Registers, verbose: number): string[] {
  const lines: string[] = [];
  const seen = new Set<number>();
  for (let at = EXTENDED_CONFIG; at >= EXTENDED_CONFIG; ) {
    const header = r.u32(at);
    if (header === 0 || header === -1) break;
    const version = verbose > 1 ? ` v${(header >>> 16) & 15}` : '';
    const name = `\tCapabilities: [${hex(at, 3)}${version}]`;
    if (seen.has(at)) {
      lines.push(`${name} <chain looped>`);
      break;
    }
    seen.add(at);
    const [first, ...rest] = extended(r, at, header & 0xffff);
    lines.push(`${name} ${first}`);
    if (verbose > 1) lines.push(...rest);
    at = (header >>> 20) & ~3;
  }
  return lines;
}

function extended(r: Registers, at: number, id: number): string[] {
  if (id === PCI_EXT_CAP_ID_ERR) return errorReporting(r, at);
  if (id === PCI_EXT_CAP_ID_DSN) return [`Device Serial Number ${serial(r, at)}`];
  return [`Extended Capability ID 0x${hex(id, 1)}`];
}

function serial(r: Registers, at: number): string {
  return Array.from({ length: 8 }, (_, i) => hex(r.u8(at + 11 - i), 2)).join('-');
}

function errorReporting(r: Registers, at: number): string[] {
  const uncorrectable = (offset: number): string => flags(r.u32(at + offset), UNCORRECTABLE);
  const correctable = (offset: number): string => flags(r.u32(at + offset), CORRECTABLE);
  const control = r.u32(at + PCI_ERR_CAP);
  const log = [0, 4, 8, 12].map((i) => hex(r.u32(at + PCI_ERR_HEADER_LOG + i), 8)).join(' ');
  return [
    'Advanced Error Reporting',
    `\t\tUESta:\t${uncorrectable(PCI_ERR_UNCOR_STATUS)}`,
    `\t\tUEMsk:\t${uncorrectable(PCI_ERR_UNCOR_MASK)}`,
    `\t\tUESvrt:\t${uncorrectable(PCI_ERR_UNCOR_SEVER)}`,
    `\t\tCESta:\t${correctable(PCI_ERR_COR_STATUS)}`,
    `\t\tCEMsk:\t${correctable(PCI_ERR_COR_MASK)}`,
    `\t\tAERCap:\tFirst Error Pointer: ${hex(control & PCI_ERR_CAP_FEP, 2)}, ${flags(control, [
      ['ECRCGenCap', 0x20],
      ['ECRCGenEn', 0x40],
      ['ECRCChkCap', 0x80],
      ['ECRCChkEn', 0x100],
    ])}`,
    `\t\t\t${flags(control, [
      ['MultHdrRecCap', 0x200],
      ['MultHdrRecEn', 0x400],
      ['TLPPfxPres', 0x800],
      ['HdrLogCap', 0x1000],
    ])}`,
    `\t\tHeaderLog: ${log}`,
  ];
}
