import { checkKeys, OptionError } from '../../../sim/index.js';
import { CONFIG_BYTES } from '../config-bits.js';
import { PCI_DEVICE_ID, PCI_REVISION_ID, PCI_SUBSYSTEM_ID, PCI_SUBSYSTEM_VENDOR_ID, PCI_VENDOR_ID } from '../regs.js';
import type { PciFunction, RootComplex } from '../root-complex.js';
import { capabilityLines } from './caps.js';
import { extendedLines } from './extended.js';
import { controlLines, regionLines, summaryLine } from './header.js';
import { classText, deviceText, type PciNames, subsystemText } from './names.js';
import { hex as hexText, Registers } from './text.js';

/** What {@link lspci} shows. */
export interface LspciOptions {
  /** 0: a line each (`lspci -nn`), 1: `-v`, 2: `-vv`, 3: the same here (default 0). */
  verbose?: 0 | 1 | 2 | 3;
  /** Hex dump: 1 the header (`-x`), 3 the first 256 bytes (`-xxx`), 4 all 4096 (`-xxxx`); 0 none (default). */
  hex?: 0 | 1 | 3 | 4;
  /** Names beside the numbers, on top of the few known here. */
  names?: PciNames;
}

const HEX_BYTES = [0, 64, 64, 256, CONFIG_BYTES];

/**
 * The functions of a bus as the `lspci` of pciutils 3.9 prints them with `-nn`. Reading changes nothing. The hex dump is
 * in the form that `lspci -F` reads. PCI Express capabilities are decoded as far as version 1 goes.
 */
export function lspci(rc: RootComplex, options: LspciOptions = {}): string {
  checkKeys(options, ['verbose', 'hex', 'names'], 'lspci');
  const verbose = options.verbose ?? 0;
  const hex = options.hex ?? 0;
  if (![0, 1, 2, 3].includes(verbose))
    throw new OptionError(`verbose of lspci is 0, 1, 2 or 3, not ${String(verbose)}`);
  if (![0, 1, 3, 4].includes(hex)) throw new OptionError(`hex of lspci is 0, 1, 3 or 4, not ${String(hex)}`);
  const bytes = HEX_BYTES[hex];
  let text = '';
  for (const fn of [...rc.functions].sort((a, b) => a.bdf - b.bdf)) {
    const lines = [titleLine(fn, verbose, options.names ?? {}), ...detailLines(fn, verbose, options.names ?? {})];
    for (let at = 0; at < bytes; at += 16) lines.push(hexLine(fn, at));
    text += `${lines.join('\n')}\n`;
    if (verbose > 0 || bytes > 0) text += '\n';
  }
  return text;
}

function titleLine(fn: PciFunction, verbose: number, names: PciNames): string {
  const r = new Registers(fn.config);
  const classAndRevision = r.u32(PCI_REVISION_ID);
  const revision = classAndRevision & 0xff;
  const progIf = (classAndRevision >>> 8) & 0xff;
  const place = `${hexText(fn.bdf >> 8, 2)}:${hexText((fn.bdf >> 3) & 31, 2)}.${fn.bdf & 7}`;
  const what = classText(names, classAndRevision >>> 8);
  const device = deviceText(names, r.u16(PCI_VENDOR_ID), r.u16(PCI_DEVICE_ID));
  const rev = revision === 0 ? '' : ` (rev ${hexText(revision, 2)})`;
  const prog = verbose > 0 && progIf !== 0 ? ` (prog-if ${hexText(progIf, 2)})` : '';
  return `${place} ${what}: ${device}${rev}${prog}`;
}

function detailLines(fn: PciFunction, verbose: number, names: PciNames): string[] {
  if (verbose === 0) return [];
  const { config } = fn;
  const r = new Registers(config);
  const lines: string[] = [];
  const vendor = r.u16(PCI_SUBSYSTEM_VENDOR_ID);
  if (vendor !== 0) lines.push(`\tSubsystem: ${subsystemText(names, vendor, r.u16(PCI_SUBSYSTEM_ID))}`);
  lines.push(...(verbose > 1 ? controlLines(r) : [summaryLine(r)]));
  lines.push(...regionLines(config, r, verbose));
  lines.push(...capabilityLines(r, verbose));
  // Extended space belongs to PCI Express.
  if (config.expCap !== 0) lines.push(...extendedLines(r, verbose));
  return lines;
}

function hexLine(fn: PciFunction, at: number): string {
  const bytes = Array.from(fn.config.bytes.subarray(at, at + 16), (byte) => hexText(byte, 2));
  return `${hexText(at, 2)}: ${bytes.join(' ')}`;
}
