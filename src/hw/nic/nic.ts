import type { Digest } from '../../sim/index.js';
import type { FramePool, WirePort, WireStation } from '../../wire/index.js';
import type { ConfigSpace, DevicePort, DevicePortFactory, PciDevice } from '../pcie/index.js';
import { createConfig } from './config.js';
import { NIC_DROP_NAMES, NIC_LINK_DOWN, type TxErrors } from './drops.js';
import { InterruptUnit } from './irq.js';
import { createNvm, NVM_WORDS } from './nvm.js';
import {
  newDrops,
  TAG_KIND_MASK,
  TAG_RX_DESCRIPTORS,
  TAG_SHIFT,
  TAG_TX_DESCRIPTORS,
  TIMER_AUTONEG,
  TIMER_ITR,
  TIMER_RADV,
  TIMER_RDTR,
  TIMER_TADV,
  TIMER_TIDV,
} from './parts.js';
import { Phy } from './phy.js';
import { ReceiveUnit } from './receive.js';
import {
  CTRL_GIO_MASTER_DISABLE,
  CTRL_PHY_RST,
  CTRL_RST,
  CTRL_SLU,
  EECD_GNT,
  EECD_REQ,
  EERD_DONE,
  EERD_START,
  FPD,
  ICR_LSC,
  ICR_MDAC,
  RAH_AV,
  STATUS_GIO_MASTER_ENABLE,
  STATUS_LU,
  STATUS_SPEED_100,
  STATUS_SPEED_1000,
  STATUS_SPEED_MASK,
  SWSM_SMBI,
} from './registers/bits.js';
import { RegisterFile, UNKNOWN_WRITE } from './registers/file.js';
import * as R from './registers/indices.js';
import { LAYOUT } from './registers/table.js';
import { TransmitUnit } from './transmit.js';

/** BARs of the device. */
export const BAR_REGISTERS = 0;
export const BAR_FLASH = 1;
export const BAR_IO = 2;
const _BAR_MSIX = 3;

const MDIC_INT_EN = 1 << 29;

/** Options of a {@link Nic82574}. */
export interface NicOptions {
  /** How long autonegotiation takes, ns (int32, default 0: within the same instant). */
  autoneg_ns?: number;
  /** See {@link InterruptUnit.strictGap}; default false. */
  strictInterruptGap?: boolean;
}

/** A register as a dump shows it. */
export interface RegisterValue {
  readonly name: string;
  readonly offset: number;
  /** int32 */
  readonly value: number;
}

/**
 * An Intel 82574L. It reaches the host only through its {@link DevicePort}, and the wire through the
 * {@link WirePort} that `connect` gives it. What each register does: docs/82574l-registers.md.
 */
export class Nic82574 implements PciDevice, WireStation {
  readonly config: ConfigSpace;
  readonly port: DevicePort;
  readonly file: RegisterFile = new RegisterFile();
  readonly irq: InterruptUnit;
  readonly phy: Phy;
  readonly rx: ReceiveUnit;
  readonly tx: TransmitUnit;
  /** 64 words; EEWR writes them. */
  readonly nvm: Uint16Array;
  /** Frames lost, by reason (NIC_*). */
  readonly drops: Float64Array = newDrops();
  /** Frames that came from the wire. */
  readonly arrived: Float64Array = new Float64Array(1);
  wire: WirePort | null = null;
  private readonly pool: FramePool;
  private linkUp = false;
  /** IOADDR of the I/O window. */
  private ioAddress = 0;

  /**
   * @param ports gives the device its port: a root complex, which must `attach` it afterwards
   * @param pool frames of the network
   * @param mac 6 bytes, for the NVM, the first receive address and the serial number
   */
  constructor(ports: DevicePortFactory, pool: FramePool, mac: Uint8Array, options: NicOptions = {}) {
    this.pool = pool;
    this.config = createConfig(mac);
    this.nvm = createNvm(mac);
    const port = ports.createPort(this);
    this.port = port;
    this.irq = new InterruptUnit(this.file, port, this.config, TIMER_ITR, options.strictInterruptGap === true);
    this.phy = new Phy(port, TIMER_AUTONEG, options.autoneg_ns ?? 0);
    const parts = { port, pool, file: this.file, irq: this.irq, drops: this.drops };
    this.rx = new ReceiveUnit(parts);
    this.tx = new TransmitUnit(parts);
    this.loadAddress();
    this.updateStatus();
  }

  /** Plugs the NIC into one end of a link. @throws WireError LINK_ARGUMENT when the end is taken */
  connect(wire: WirePort): void {
    this.wire = wire;
    this.tx.wire = wire;
    wire.attach(this);
  }

  frameArrived(frame: number): void {
    this.arrived[0]++;
    if (this.linkUp) {
      this.rx.arrived(frame);
      return;
    }
    this.drops[NIC_LINK_DOWN]++;
    this.pool.unref(frame);
  }

  linkChanged(up: boolean): void {
    this.phy.setCarrier(up);
    this.linkMayHaveChanged();
  }

  /** Link = PHY up and CTRL.SLU. A change sets STATUS.LU and raises LSC; a link that comes lets waiting frames go. */
  private linkMayHaveChanged(): void {
    const up = this.phy.up && (this.file.values[R.CTRL] & CTRL_SLU) !== 0;
    if (up === this.linkUp) return;
    this.linkUp = up;
    this.tx.linkUp = up;
    this.updateStatus();
    this.irq.raise(ICR_LSC);
    if (up) this.tx.pump();
  }

  private updateStatus(): void {
    const v = this.file.values;
    const fixed = ~(STATUS_LU | STATUS_SPEED_MASK | STATUS_GIO_MASTER_ENABLE);
    const rate = this.wire === null ? 0 : this.wire.rate_bps;
    const speed = rate === 10_000_000 ? 0 : rate === 100_000_000 ? STATUS_SPEED_100 : STATUS_SPEED_1000;
    let status = (v[R.STATUS] & fixed) | speed;
    if (this.linkUp) status |= STATUS_LU;
    if ((v[R.CTRL] & CTRL_GIO_MASTER_DISABLE) === 0) status |= STATUS_GIO_MASTER_ENABLE;
    v[R.STATUS] = status;
  }

  /** The first receive address comes from the NVM. */
  private loadAddress(): void {
    const v = this.file.values;
    v[R.RAL0] = this.nvm[0] | (this.nvm[1] << 16);
    v[R.RAH0] = this.nvm[2] | RAH_AV;
  }

  mmioRead(bar: number, offset: number): number {
    if (bar === BAR_REGISTERS) return this.readRegister(offset);
    if (bar === BAR_FLASH) return -1;
    if (bar === BAR_IO) return offset === 0 ? this.ioAddress : offset === 4 ? this.readRegister(this.ioAddress) : 0;
    return 0;
  }

  mmioWrite(bar: number, offset: number, value: number): void {
    if (bar === BAR_REGISTERS) this.writeRegister(offset, value);
    else if (bar === BAR_IO && offset === 0) this.ioAddress = value & 0x1ffff;
    else if (bar === BAR_IO && offset === 4) this.writeRegister(this.ioAddress, value);
  }

  private readRegister(offset: number): number {
    const i = RegisterFile.find(offset);
    if (i < 0) {
      this.file.countUnknown(offset, 0);
      return 0;
    }
    if (i === R.ICR) return this.irq.readCause();
    const value = this.file.read(i);
    // A semaphore: whoever reads it as 0 has taken it.
    if (i === R.SWSM) this.file.values[i] |= SWSM_SMBI;
    return value;
  }

  private writeRegister(offset: number, value: number): void {
    const i = RegisterFile.find(offset);
    if (i < 0) {
      this.file.countUnknown(offset, UNKNOWN_WRITE);
      return;
    }
    if (i === R.IMS) this.irq.writeMaskSet(value);
    else if (i === R.IMC) this.irq.writeMaskClear(value);
    else if (i === R.ICR) this.irq.writeCause(value);
    else {
      this.file.write(i, value);
      if (LAYOUT.effect[i] !== 0) this.wrote(i, value);
    }
  }

  /** Effects of a write beyond storing it; the frequent ones first. */
  private wrote(i: number, value: number): void {
    if (i === R.RDT) this.rx.kick();
    else if (i === R.TDT) this.tx.pump();
    else if (i === R.ITR) this.irq.throttleChanged();
    else if (i === R.ICS) this.irq.raise(value);
    else if (i === R.RDTR) {
      if ((value & FPD) !== 0) this.rx.delay.flush();
    } else if (i === R.TIDV) {
      if ((value & FPD) !== 0) this.tx.delay.flush();
    } else this.wroteControl(i, value);
  }

  private wroteControl(i: number, value: number): void {
    const v = this.file.values;
    if (i === R.CTRL) this.wroteCtrl(value);
    else if (i === R.RCTL) this.rx.controlChanged();
    else if (i === R.TCTL) this.tx.pump();
    else if (i === R.RDBAL || i === R.RDBAH || i === R.RDLEN || i === R.RDH) this.rx.ringChanged();
    else if (i === R.TDBAL || i === R.TDBAH || i === R.TDLEN || i === R.TDH) this.tx.ringChanged();
    else if (i === R.MDIC) this.mdic(value);
    else if (i === R.EERD) v[i] = this.readNvm(value);
    else if (i === R.EEWR) v[i] = this.writeNvm(value);
    else if (i === R.EECD) v[i] = (v[i] & EECD_REQ) !== 0 ? v[i] | EECD_GNT : v[i] & ~EECD_GNT;
  }

  private wroteCtrl(value: number): void {
    if ((value & CTRL_RST) !== 0) {
      this.softReset();
      return;
    }
    if ((value & CTRL_PHY_RST) !== 0) this.phy.reset();
    this.updateStatus();
    this.linkMayHaveChanged();
    this.rx.kick();
    this.tx.pump();
  }

  private mdic(value: number): void {
    const v = this.file.values;
    v[R.MDIC] = this.phy.mdic(value);
    this.linkMayHaveChanged();
    if ((value & MDIC_INT_EN) !== 0) this.irq.raise(ICR_MDAC);
  }

  /** EERD: address << 2 | START in, data << 16 | address << 2 | DONE out. Beyond the NVM the data is 0. */
  private readNvm(value: number): number {
    const address = (value >>> 2) & 0x3fff;
    const request = value & 0xfffc;
    if ((value & EERD_START) === 0) return request | EERD_DONE;
    const data = address < NVM_WORDS ? this.nvm[address] : 0;
    return (data << 16) | request | EERD_DONE;
  }

  /** EEWR: as EERD, with the data in. */
  private writeNvm(value: number): number {
    const address = (value >>> 2) & 0x3fff;
    if ((value & EERD_START) !== 0 && address < NVM_WORDS) this.nvm[address] = value >>> 16;
    return (value & ~3) | EERD_DONE;
  }

  dmaComplete(tag: number, ok: number): void {
    const kind = tag & TAG_KIND_MASK;
    if (kind === TAG_RX_DESCRIPTORS) this.rx.fetched(ok);
    else if (kind === TAG_TX_DESCRIPTORS) this.tx.fetched(ok);
    else this.tx.dataRead(tag >>> TAG_SHIFT, ok);
  }

  timer(op: number, _a: number): void {
    if (op === TIMER_ITR) this.irq.windowEnd();
    else if (op === TIMER_RDTR) this.rx.delay.restartingExpired();
    else if (op === TIMER_RADV) this.rx.delay.absoluteExpired();
    else if (op === TIMER_TIDV) this.tx.delay.restartingExpired();
    else if (op === TIMER_TADV) this.tx.delay.absoluteExpired();
    else if (op === TIMER_AUTONEG) {
      this.phy.negotiated();
      this.linkMayHaveChanged();
    } else this.tx.fifoTimerExpired();
  }

  /** CTRL.RST: all registers but the semaphores, which drivers hold across it. The PHY and its link stay. */
  private softReset(): void {
    const v = this.file.values;
    const extcnf = v[R.EXTCNF_CTRL];
    const swsm = v[R.SWSM];
    this.resetDevice();
    v[R.EXTCNF_CTRL] = extcnf;
    v[R.SWSM] = swsm;
  }

  /** Registers to their reset values; what is on chip is lost. */
  private resetDevice(): void {
    this.file.reset();
    this.loadAddress();
    this.irq.reset();
    this.rx.reset();
    this.tx.reset();
    this.linkUp = this.phy.up;
    this.tx.linkUp = this.linkUp;
    this.updateStatus();
  }

  /** Power-on reset: the registers and the PHY, which negotiates anew. */
  reset(): void {
    this.phy.reset();
    this.resetDevice();
    this.ioAddress = 0;
  }

  /** What a register would read as, without side effects; 0 where there is none. */
  peek(offset: number): number {
    const i = RegisterFile.find(offset);
    if (i < 0) return 0;
    return i === R.ICR ? this.irq.peekCause() : this.file.values[i];
  }

  /** All registers, in the order of the table. */
  get registers(): RegisterValue[] {
    return LAYOUT.names.map((name, i) => ({ name, offset: LAYOUT.offset[i], value: this.peek(LAYOUT.offset[i]) }));
  }

  /** Frames lost in the chip, by name of the reason; reasons that never occurred are left out. */
  dropRecord(): Record<string, number> {
    const record: Record<string, number> = {};
    for (let reason = 0; reason < this.drops.length; reason++) {
      if (this.drops[reason] > 0) record[NIC_DROP_NAMES[reason]] = this.drops[reason];
    }
    return record;
  }

  /** What the transmit descriptors behind NIC_TX_ABORT were. */
  get txErrors(): TxErrors {
    return this.tx.errors;
  }

  /** Frames on chip: received and not yet in host memory. arrived = delivered + receive drops + this. */
  receiveInFlight(): number {
    return this.rx.fifo.count;
  }

  /** Takes registers and drop counters into a digest. */
  mixInto(digest: Digest): void {
    const v = this.file.values;
    for (let i = 0; i < v.length; i++) digest.mix(v[i]);
    for (let i = 0; i < this.drops.length; i++) digest.mix(this.drops[i] | 0);
  }
}
