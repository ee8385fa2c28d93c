import {
  PCI_CAP_ID_EXP,
  PCI_CAP_ID_MSI,
  PCI_CAP_ID_MSIX,
  PCI_CAP_ID_PM,
  PCI_CAPABILITY_LIST,
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_MASKBIT,
  PCI_MSI_MASK_32,
  PCI_MSI_MASK_64,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
  PCI_MSIX_FLAGS_QSIZE,
  PCI_MSIX_PBA,
  PCI_MSIX_TABLE,
  PCI_PM_CTRL,
  PCI_PM_CTRL_NO_SOFT_RESET,
  PCI_PM_CTRL_PME_ENABLE,
  PCI_PM_CTRL_PME_STATUS,
  PCI_PM_CTRL_STATE_MASK,
  PCI_PM_PMC,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
} from '../regs.js';
import { expressLines } from './express.js';
import { flags, hex, type Registers, sign } from './text.js';

const CAP_ID_VENDOR = 0x09;

/** The capability list, one entry after the other; a list that returns to an entry ends there. */
export function capabilityLines(r: Registers, verbose: number): string[] {
  const lines: string[] = [];
  if ((r.u16(PCI_STATUS) & PCI_STATUS_CAP_LIST) === 0) return lines;
  const seen = new Set<number>();
  for (let at = r.u8(PCI_CAPABILITY_LIST) & ~3; at !== 0; at = r.u8(at + 1) & ~3) {
    if (seen.has(at)) {
      lines.push(`\tCapabilities: [${hex(at, 2)}] <chain looped>`);
      break;
    }
    seen.add(at);
    const [first, ...rest] = capability(r, at, verbose);
    lines.push(`\tCapabilities: [${hex(at, 2)}] ${first}`);
    if (verbose > 1) lines.push(...rest);
  }
  return lines;
}

function capability(r: Registers, at: number, verbose: number): string[] {
  const id = r.u8(at);
  if (id === PCI_CAP_ID_PM) return powerManagement(r, at);
  if (id === PCI_CAP_ID_MSI) return msi(r, at);
  if (id === PCI_CAP_ID_EXP) return expressLines(r, at, verbose);
  if (id === PCI_CAP_ID_MSIX) return msix(r, at);
  if (id === CAP_ID_VENDOR) return [`Vendor Specific Information: Len=${hex(r.u8(at + 2), 2)} <?>`];
  return [`Capability ID 0x${hex(id, 1)} [${hex(r.u16(at + 2), 4)}]`];
}

/** AuxCurrent in mA, by bits 8:6 of the PMC. */
const AUX_CURRENT = [0, 55, 100, 160, 220, 270, 320, 375];

function powerManagement(r: Registers, at: number): string[] {
  const pmc = r.u16(at + PCI_PM_PMC);
  const control = r.u16(at + PCI_PM_CTRL);
  const pme = flags(pmc, [
    ['D0', 0x800],
    ['D1', 0x1000],
    ['D2', 0x2000],
    ['D3hot', 0x4000],
    ['D3cold', 0x8000],
  ]).replaceAll(' ', ',');
  const able = flags(pmc, [
    ['PMEClk', 0x8],
    ['DSI', 0x20],
    ['D1', 0x200],
    ['D2', 0x400],
  ]);
  return [
    `Power Management version ${pmc & 7}`,
    `\t\tFlags: ${able} AuxCurrent=${AUX_CURRENT[(pmc >> 6) & 7]}mA PME(${pme})`,
    `\t\tStatus: D${control & PCI_PM_CTRL_STATE_MASK} NoSoftRst${sign(control, PCI_PM_CTRL_NO_SOFT_RESET)} ` +
      `PME-Enable${sign(control, PCI_PM_CTRL_PME_ENABLE)} DSel=${(control >> 9) & 15} DScale=${(control >> 13) & 3} ` +
      `PME${sign(control, PCI_PM_CTRL_PME_STATUS)}`,
  ];
}

function msi(r: Registers, at: number): string[] {
  const f = r.u16(at + PCI_MSI_FLAGS);
  const wide = (f & PCI_MSI_FLAGS_64BIT) !== 0;
  const count = `${1 << ((f >> 4) & 7)}/${1 << ((f >> 1) & 7)}`;
  const upper = wide ? hex(r.u32(at + PCI_MSI_ADDRESS_HI), 8) : '';
  const lower = hex(r.u32(at + PCI_MSI_ADDRESS_LO), 8);
  const data = hex(r.u16(at + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32)), 4);
  const masks = sign(f, PCI_MSI_FLAGS_MASKBIT);
  const lines = [
    `MSI: Enable${sign(f, PCI_MSI_FLAGS_ENABLE)} Count=${count} Maskable${masks} 64bit${sign(f, PCI_MSI_FLAGS_64BIT)}`,
    `\t\tAddress: ${upper}${lower}  Data: ${data}`,
  ];
  if (masks === '+') {
    const mask = at + (wide ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
    lines.push(`\t\tMasking: ${hex(r.u32(mask), 8)}  Pending: ${hex(r.u32(mask + 4), 8)}`);
  }
  return lines;
}

function msix(r: Registers, at: number): string[] {
  const f = r.u16(at + PCI_MSIX_FLAGS);
  const place = (offset: number): string => {
    const value = r.u32(offset);
    return `BAR=${value & 7} offset=${hex(value & ~7, 8)}`;
  };
  return [
    `MSI-X: Enable${sign(f, PCI_MSIX_FLAGS_ENABLE)} Count=${(f & PCI_MSIX_FLAGS_QSIZE) + 1} Masked${sign(f, PCI_MSIX_FLAGS_MASKALL)}`,
    `\t\tVector table: ${place(at + PCI_MSIX_TABLE)}`,
    `\t\tPBA: ${place(at + PCI_MSIX_PBA)}`,
  ];
}
