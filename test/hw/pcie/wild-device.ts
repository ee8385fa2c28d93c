import { addMsi, addMsix, MsixTable } from '../../../src/hw/msi/index.js';
import {
  addAdvancedErrorReporting,
  addDeviceSerialNumber,
  addExpress,
  addPowerManagement,
  ConfigSpace,
  type DevicePort,
  type PciDevice,
  type RootComplex,
} from '../../../src/hw/pcie/index.js';

/** Device Capabilities of a {@link WildDevice}: function-level reset, role-based errors, extended tags. */
export const FLR_DEVCAP = 0x10008020;

/** Offsets of the capabilities of a {@link WildDevice}. */
export const PM = 0x40;
export const MSI = 0x50;
export const EXP = 0x70;
export const MSIX = 0x90;
export const AER = 0x100;

/** Options of {@link WildDevice}. */
export interface WildOptions {
  /** Device Capabilities; default {@link FLR_DEVCAP}. */
  devcap?: number;
  pin?: number;
  /** Power management capabilities; default 0xce23: D1, D2, PME from D0, D3hot and D3cold. */
  pmc?: number;
  noSoftReset?: boolean;
  aer?: boolean;
}

/** One of everything a function can have: 64-bit BAR, I/O BAR, ROM, all capabilities; it notes what happens to it. */
export class WildDevice implements PciDevice {
  readonly config: ConfigSpace;
  readonly port: DevicePort;
  readonly table: MsixTable;
  readonly log: string[] = [];
  /** A request the device keeps up whatever happens, to test that the port lowers it. */
  stubborn = false;

  constructor(rc: RootComplex, options: WildOptions = {}) {
    const c = new ConfigSpace({
      vendor: 0x1234,
      device: 0x5678,
      classCode: 0xff0000,
      revision: 2,
      subsystemVendor: 0x1af4,
      subsystemId: 0x1100,
      interruptPin: options.pin ?? 1,
    });
    c.addMemoryBar64(0, 0x10000, true);
    c.addIoBar(2, 32);
    c.addMemoryBar(3, 0x1000);
    c.addExpansionRom(0x800);
    addPowerManagement(c, PM, options.pmc ?? 0xce23, options.noSoftReset === true);
    addMsi(c, MSI, { vectors: 4, masking: true });
    addExpress(c, EXP, { flags: 1, devcap: options.devcap ?? FLR_DEVCAP, lnkcap: 0x00040c11, lnksta: 0x1011 });
    addMsix(c, MSIX, { vectors: 3, tableBar: 3, tableOffset: 0, pbaBar: 3, pbaOffset: 0x800 });
    if (options.aer !== false) addAdvancedErrorReporting(c, AER, { ecrc: true });
    addDeviceSerialNumber(c, options.aer !== false ? 0x140 : 0x100, 0x11223344, 0x55667788);
    this.config = c;
    this.port = rc.createPort(this);
    this.table = new MsixTable(c, 3);
  }

  mmioRead(bar: number, offset: number): number {
    this.log.push(`read ${bar} ${offset}`);
    if (bar !== 3) return bar * 0x100000 + offset;
    return offset < 0x800 ? this.table.readTable(offset) : this.table.readPba(offset - 0x800);
  }

  mmioWrite(bar: number, offset: number, value: number): void {
    this.log.push(`write ${bar} ${offset} ${value}`);
    if (bar === 3 && offset < 0x800) this.table.writeTable(offset, value, this.port);
  }

  dmaComplete(tag: number, ok: number): void {
    this.log.push(`complete ${tag} ${ok}`);
  }

  timer(): void {}

  reset(): void {
    this.log.push('reset');
    this.table.reset();
    if (!this.stubborn) this.port.intx(0);
  }

  configWritten(): void {
    this.table.configWritten(this.port);
  }
}

/** Whatever arrives at the interrupt controllers, as text. */
export class Arrivals {
  readonly list: string[] = [];
  message(addressLo: number, data: number): void {
    this.list.push(`msi ${(addressLo >>> 0).toString(16)} ${data}`);
  }
  intx(slot: number, pin: number, level: number): void {
    this.list.push(`intx ${slot} ${pin} ${level}`);
  }
  route(slot: number, pin: number): number {
    return 16 + ((slot + pin - 1) & 3);
  }
}

/** Notes what arrives at the interrupt controllers of `rc`. */
export function listen(rc: RootComplex): Arrivals {
  const arrivals = new Arrivals();
  rc.messageTarget = arrivals;
  rc.intxTarget = arrivals;
  return arrivals;
}
