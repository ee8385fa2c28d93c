import { BAR_NONE, BAR_ROM, BAR_UPPER, type ConfigSpace } from '../config-space.js';
import {
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_MEM_PREFETCH,
  PCI_BASE_ADDRESS_MEM_TYPE_64,
  PCI_BASE_ADDRESS_MEM_TYPE_MASK,
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_CACHE_LINE_SIZE,
  PCI_COMMAND,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_INTERRUPT_LINE,
  PCI_INTERRUPT_PIN,
  PCI_LATENCY_TIMER,
  PCI_ROM_ADDRESS,
  PCI_ROM_ADDRESS_ENABLE,
  PCI_ROM_ADDRESS_MASK,
  PCI_STATUS,
} from '../regs.js';
import { flags, hex, type Registers, sizeText } from './text.js';

const CONTROL: [string, number][] = [
  ['I/O', 0x1],
  ['Mem', 0x2],
  ['BusMaster', 0x4],
  ['SpecCycle', 0x8],
  ['MemWINV', 0x10],
  ['VGASnoop', 0x20],
  ['ParErr', 0x40],
  ['Stepping', 0x80],
  ['SERR', 0x100],
  ['FastB2B', 0x200],
  ['DisINTx', 0x400],
];
const STATUS_LOW: [string, number][] = [
  ['Cap', 0x10],
  ['66MHz', 0x20],
  ['UDF', 0x40],
  ['FastB2B', 0x80],
  ['ParErr', 0x100],
];
const STATUS_HIGH: [string, number][] = [
  ['>TAbort', 0x800],
  ['<TAbort', 0x1000],
  ['<MAbort', 0x2000],
  ['>SERR', 0x4000],
  ['<PERR', 0x8000],
  ['INTx', 0x8],
];
/** Names of interrupt pins: 1 = A. */
const PINS = '?ABCD';

/** Control, Status, Latency and Interrupt, as `lspci -vv` shows them. */
export function controlLines(r: Registers): string[] {
  const command = r.u16(PCI_COMMAND);
  const status = r.u16(PCI_STATUS);
  const lines = [
    `\tControl: ${flags(command, CONTROL)}`,
    `\tStatus: ${flags(status, STATUS_LOW)} DEVSEL=fast ${flags(status, STATUS_HIGH)}`,
  ];
  if ((command & PCI_COMMAND_MASTER) !== 0) {
    const line = r.u8(PCI_CACHE_LINE_SIZE);
    const cache = line === 0 ? '' : `, Cache Line Size: ${line * 4} bytes`;
    lines.push(`\tLatency: ${r.u8(PCI_LATENCY_TIMER)}${cache}`);
  }
  const pin = r.u8(PCI_INTERRUPT_PIN);
  const irq = r.u8(PCI_INTERRUPT_LINE);
  if (pin !== 0 || irq !== 0) {
    lines.push(`\tInterrupt: pin ${PINS[pin] ?? '?'} routed to IRQ ${irq}`);
  }
  return lines;
}

/** The one line `lspci -v` has for all that. */
export function summaryLine(r: Registers): string {
  const command = r.u16(PCI_COMMAND);
  const status = r.u16(PCI_STATUS);
  const parts: string[] = [];
  const master = (command & PCI_COMMAND_MASTER) !== 0;
  if (master) parts.push('bus master');
  if ((command & 0x20) !== 0) parts.push('VGA palette snoop');
  if ((command & 0x80) !== 0) parts.push('stepping');
  if ((command & 0x200) !== 0) parts.push('fast Back2Back');
  if ((status & 0x20) !== 0) parts.push('66MHz');
  if ((status & 0x40) !== 0) parts.push('user-definable features');
  parts.push('fast devsel');
  if (master) parts.push(`latency ${r.u8(PCI_LATENCY_TIMER)}`);
  const irq = r.u8(PCI_INTERRUPT_LINE);
  if (irq !== 0) parts.push(`IRQ ${irq}`);
  return `\tFlags: ${parts.join(', ')}`;
}

/** The BARs and the expansion ROM. */
export function regionLines(config: ConfigSpace, r: Registers, verbose: number): string[] {
  const lines: string[] = [];
  const command = r.u16(PCI_COMMAND);
  for (let bar = 0; bar < BAR_ROM; bar++) {
    const kind = config.barKind[bar];
    if (kind === BAR_NONE || kind === BAR_UPPER) continue;
    const name = verbose > 1 ? `\tRegion ${bar}: ` : '\t';
    lines.push(`${name}${regionText(r, bar, command)}${sizeText(config.barSize[bar])}`);
  }
  if (config.barKind[BAR_ROM] !== BAR_NONE) lines.push(romLine(r, command, config.barSize[BAR_ROM]));
  return lines;
}

function regionText(r: Registers, bar: number, command: number): string {
  const at = PCI_BASE_ADDRESS_0 + 4 * bar;
  const value = r.u32(at);
  if ((value & PCI_BASE_ADDRESS_SPACE_IO) !== 0) {
    const port = value & ~3;
    if ((command & PCI_COMMAND_IO) !== 0) return `I/O ports at ${hex(port, 4)}`;
    return `I/O ports at ${address(port, 0, 4)} [disabled]`;
  }
  const wide = (value & PCI_BASE_ADDRESS_MEM_TYPE_MASK) === PCI_BASE_ADDRESS_MEM_TYPE_64;
  const upper = wide ? r.u32(at + 4) : 0;
  const base = value & ~15;
  const fetch = (value & PCI_BASE_ADDRESS_MEM_PREFETCH) !== 0 ? '' : 'non-';
  const off = (command & PCI_COMMAND_MEMORY) === 0 ? ' [disabled]' : '';
  return `Memory at ${address(base, upper, 8)} (${wide ? 64 : 32}-bit, ${fetch}prefetchable)${off}`;
}

function romLine(r: Registers, command: number, size: number): string {
  const value = r.u32(PCI_ROM_ADDRESS);
  const base = value & PCI_ROM_ADDRESS_MASK;
  let off = '';
  if ((value & PCI_ROM_ADDRESS_ENABLE) === 0) off = ' [disabled]';
  else if ((command & PCI_COMMAND_MEMORY) === 0) off = ' [disabled by cmd]';
  return `\tExpansion ROM at ${address(base, 0, 8)}${off}${sizeText(size)}`;
}

function address(lo: number, hi: number, digits: number): string {
  if (lo === 0 && hi === 0) return '<unassigned>';
  return hi === 0 ? hex(lo, digits) : hex(hi, 1) + hex(lo, 8);
}
