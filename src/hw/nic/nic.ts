import type { Digest } from '../../sim/index.js';
import type { FramePool, WirePort, WireStation } from '../../wire/index.js';
import type { ConfigSpace, DevicePort, DevicePortFactory, PciDevice } from '../pcie/index.js';
import { createConfig } from './config.js';
import { dropFrame, NIC_DROP_NAMES, NIC_LINK_DOWN, NIC_RX_DISABLED, type TxErrors } from './drops.js';
import { InterruptUnit } from './interrupts/irq.js';
import { MSIX_VECTORS } from './interrupts/msix-vectors.js';
import { createNvm, ICW3_APME, NVM_INIT_CONTROL3, NVM_MAC } from './nvm/nvm.js';
import { loadIdentity } from './nvm/nvm-identity.js';
import { type NvmKind, NvmUnit } from './nvm/nvm-unit.js';
import {
  type NicParts,
  newDrops,
  TAG_KIND_MASK,
  TAG_RX_DESCRIPTORS,
  TAG_SHIFT,
  TAG_TX_DESCRIPTORS,
  TIMER_AUTONEG,
  TIMER_EITR,
  TIMER_ITR,
  TIMER_MDIC,
  TIMER_PAUSE,
  TIMER_RADV,
  TIMER_RAID,
  TIMER_RDTR,
  TIMER_TADV,
  TIMER_TIDV,
  TIMER_TX_FIFO,
  TIMER_TX_LINE,
} from './parts.js';
import { type LinkPartner, partnerFor } from './phy/autoneg.js';
import { Mdio } from './phy/mdio.js';
import { Phy } from './phy/phy.js';
import {
  CTRL_EXT_EE_RST,
  CTRL_FD,
  CTRL_FRCDPX,
  CTRL_FRCSPD,
  CTRL_GIO_MASTER_DISABLE,
  CTRL_PHY_RST,
  CTRL_RST,
  CTRL_SLU,
  CTRL_SPEED_SHIFT,
  ICR_LSC,
  RAH_AV,
  STATUS_FD,
  STATUS_GIO_MASTER_ENABLE,
  STATUS_LU,
  STATUS_SPEED_MASK,
  STATUS_SPEED_SHIFT,
  SWSM_SMBI,
  WUC_APME,
} from './registers/bits.js';
import { RegisterFile, UNKNOWN_WRITE } from './registers/file.js';
import * as R from './registers/indices.js';
import { restoreKept, saveKept } from './registers/soft-reset.js';
import { LAYOUT } from './registers/table.js';
import { ReceiveUnit } from './rx/receive.js';
import { TimeSync } from './time-sync.js';
import { TransmitUnit } from './tx/transmit.js';
import { WakeUnit } from './wake/wake.js';

/** BARs of the device. */
export const BAR_REGISTERS = 0;
export const BAR_FLASH = 1;
export const BAR_IO = 2;
/** MSI-X table, and the pending bit array behind it. */
export const BAR_MSIX = 3;
/** Offset of the pending bit array in {@link BAR_MSIX}. */
const PBA_OFFSET = 0x2000;

/** What board an 82574L sits on, and what is at the other end of its cable. */
export interface Nic82574Options {
  /** How long autonegotiation takes, ns (int32, default 0: within the same instant). */
  autoneg_ns?: number;
  /** See {@link InterruptUnit.strictGap}; default false. */
  strictInterruptGap?: boolean;
  /** What is at the other end of the cable; default: a partner with all modes that the wire's rate allows. */
  partner?: LinkPartner;
  /** How long a transaction on the MDIO bus takes, ns (int32, default 0); the real one takes 25 600. */
  mdi_ns?: number;
  /** The part that holds the NVM (default 'eeprom'). */
  nvm?: NvmKind;
  /** What is in it (64 words of an EEPROM, up to 2048 of a flash); default: a plain card's image with `mac`. */
  nvmImage?: Uint16Array;
  /** The board is wired for wake-up: the function announces PME, and can raise it (default false). */
  wake?: boolean;
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
  readonly timeSync: TimeSync;
  readonly wake: WakeUnit;
  readonly mdio: Mdio;
  readonly nvmUnit: NvmUnit;
  /** The words of the NVM: an EEPROM's, or the shadow RAM of a flash. */
  readonly nvm: Uint16Array;
  /** Frames lost, by reason (NIC_*). */
  readonly drops: Float64Array = newDrops();
  /** Frames that came from the wire. */
  readonly arrived: Float64Array = new Float64Array(1);
  wire: WirePort | null = null;
  private readonly parts: NicParts;
  private linkUp = false;
  /** Not in D0: frames and the link can only wake the system. */
  private asleep = false;
  /** The PHY's loopback that the transmitter knows of. */
  private phyLooped = false;
  /** The partner follows the rate of the wire. */
  private readonly followsWire: boolean;
  /** IOADDR of the I/O window. */
  private ioAddress = 0;

  /**
   * @param ports gives the device its port: a root complex, which must `attach` it afterwards
   * @param pool frames of the network
   * @param mac 6 bytes, for the NVM, the first receive address and the serial number
   */
  constructor(ports: DevicePortFactory, pool: FramePool, mac: Uint8Array, options: Nic82574Options = {}) {
    this.config = createConfig(mac, options.wake === true);
    const port = ports.createPort(this);
    this.port = port;
    const image = options.nvmImage ?? createNvm(mac);
    this.nvmUnit = new NvmUnit(this.file.values, port.clock, options.nvm ?? 'eeprom', image);
    this.nvm = this.nvmUnit.words;
    loadIdentity(this.config, this.nvm);
    this.irq = new InterruptUnit(this.file, port, this.config, TIMER_ITR, options.strictInterruptGap === true);
    this.phy = new Phy(port, TIMER_AUTONEG, options.autoneg_ns ?? 0);
    this.followsWire = options.partner === undefined;
    if (options.partner !== undefined) this.phy.partner = options.partner;
    this.mdio = new Mdio(this.file.values, this.phy, this.irq, port, TIMER_MDIC, options.mdi_ns ?? 0);
    this.timeSync = new TimeSync(this.file.values, port, pool);
    this.wake = new WakeUnit(this.file.values, this.config, port, pool);
    this.parts = { port, pool, file: this.file, irq: this.irq, drops: this.drops, timeSync: this.timeSync };
    this.tx = new TransmitUnit(this.parts);
    this.rx = new ReceiveUnit(this.parts, this.tx);
    this.loadNvm();
    this.updateStatus();
  }

  /** Plugs the NIC into one end of a link. @throws WireError LINK_ARGUMENT when the end is taken */
  connect(wire: WirePort): void {
    this.wire = wire;
    this.tx.wire = wire;
    if (this.followsWire) this.phy.partner = partnerFor(wire.rate_bps);
    wire.attach(this);
  }

  frameArrived(frame: number): void {
    this.arrived[0]++;
    if (this.linkUp && !this.asleep) this.rx.arrived(frame);
    else this.refuse(frame);
  }

  /** A frame that finds no receiver: without link it is lost; asleep it may wake the system. */
  private refuse(frame: number): void {
    if (this.linkUp) this.wake.frame(frame);
    dropFrame(this.parts, frame, this.linkUp ? NIC_RX_DISABLED : NIC_LINK_DOWN);
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
    this.tx.setLink(up);
    this.updateStatus();
    this.irq.raise(ICR_LSC);
    if (this.asleep) this.wake.linkChanged();
    else if (up) this.tx.pump();
  }

  /** Reads of host memory are under way: with GIO_MASTER_DISABLE, STATUS tells software when the last has ended. */
  private reading(): boolean {
    const { rx, tx } = this;
    return rx.ring.fetching() || rx.ring1.fetching() || tx.reading();
  }

  private updateStatus(): void {
    const v = this.file.values;
    const fixed = ~(STATUS_FD | STATUS_LU | STATUS_SPEED_MASK | STATUS_GIO_MASTER_ENABLE);
    const ctrl = v[R.CTRL];
    // Speed and duplex are the PHY's, unless the MAC is forced.
    const speed = (ctrl & CTRL_FRCSPD) !== 0 ? (ctrl >> CTRL_SPEED_SHIFT) & 3 : this.phy.speed;
    const full = (ctrl & CTRL_FRCDPX) !== 0 ? (ctrl & CTRL_FD) !== 0 : this.phy.fullDuplex;
    let status = (v[R.STATUS] & fixed) | (speed << STATUS_SPEED_SHIFT);
    if (full) status |= STATUS_FD;
    if (this.linkUp) status |= STATUS_LU;
    if ((ctrl & CTRL_GIO_MASTER_DISABLE) === 0 || this.reading()) status |= STATUS_GIO_MASTER_ENABLE;
    v[R.STATUS] = status;
  }

  /** What comes from the NVM: the first receive address, and whether wake-up is on. */
  private loadNvm(): void {
    const v = this.file.values;
    v[R.RAL0] = this.nvm[NVM_MAC] | (this.nvm[NVM_MAC + 1] << 16);
    v[R.RAH0] = this.nvm[NVM_MAC + 2] | RAH_AV;
    const apme = (this.nvm[NVM_INIT_CONTROL3] & ICW3_APME) !== 0 ? WUC_APME : 0;
    v[R.WUC] = (v[R.WUC] & ~WUC_APME) | apme;
  }

  mmioRead(bar: number, offset: number): number {
    return bar === BAR_REGISTERS ? this.readRegister(offset) : this.readOther(bar, offset);
  }

  private readOther(bar: number, offset: number): number {
    if (bar === BAR_FLASH) return this.nvmUnit.flash === null ? -1 : this.nvmUnit.flash.read(offset);
    if (bar === BAR_IO) return offset === 0 ? this.ioAddress : offset === 4 ? this.readRegister(this.ioAddress) : 0;
    if (bar !== BAR_MSIX) return 0;
    const { table } = this.irq.msix;
    return offset < PBA_OFFSET ? table.readTable(offset) : table.readPba(offset - PBA_OFFSET);
  }

  mmioWrite(bar: number, offset: number, value: number): void {
    if (bar === BAR_REGISTERS) this.writeRegister(offset, value);
    else this.writeOther(bar, offset, value);
  }

  private writeOther(bar: number, offset: number, value: number): void {
    if (bar === BAR_IO && offset === 0) this.ioAddress = value & 0x1ffff;
    else if (bar === BAR_IO && offset === 4) this.writeRegister(this.ioAddress, value);
    else if (bar === BAR_FLASH) this.nvmUnit.flash?.write(offset, value);
    else if (bar === BAR_MSIX && offset < PBA_OFFSET) this.irq.msix.table.writeTable(offset, value, this.port);
  }

  private readRegister(offset: number): number {
    const i = RegisterFile.find(offset);
    if (i < 0) {
      this.file.countUnknown(offset, 0);
      return 0;
    }
    if (i === R.ICR) return this.irq.readCause();
    return LAYOUT.effect[i] === 0 ? this.file.read(i) : this.readActing(i);
  }

  /** Reads of registers that do more than give their value. */
  private readActing(i: number): number {
    if (i === R.SYSTIML || i === R.SYSTIMH) return this.timeSync.half(i);
    const value = this.file.read(i);
    // A semaphore: whoever reads it as 0 has taken it.
    if (i === R.SWSM) this.file.values[i] |= SWSM_SMBI;
    else if (i === R.RXSTMPH) this.timeSync.released(R.TSYNCRXCTL);
    else if (i === R.TXSTMPH) this.timeSync.released(R.TSYNCTXCTL);
    else return this.nvmUnit.read(i, value);
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
    else if (i === R.MDIC) this.mdic(value);
    else {
      this.file.write(i, value);
      if (LAYOUT.effect[i] !== 0) this.wrote(i, value);
    }
  }

  /** Effects of a write beyond storing it; the frequent ones first. */
  private wrote(i: number, value: number): void {
    if (i === R.RDT) this.rx.kick();
    else if (i === R.TDT) this.tx.pump();
    else this.wroteControl(i, value);
  }

  private wroteControl(i: number, value: number): void {
    if (i >= R.EITR0 && i < R.EITR0 + MSIX_VECTORS) this.irq.vectorThrottleChanged(i - R.EITR0);
    else if (i === R.ITR) this.irq.throttleChanged();
    else if (i === R.ICS) this.irq.raise(value);
    else if (i === R.CTRL) this.wroteCtrl(value);
    else if (i === R.CTRL_EXT) this.wroteCtrlExt(value);
    else if (i === R.IVAR) this.irq.vectorsAllocated();
    else if (i === R.PBACL) this.irq.msix.clearPendingVectors(value);
    else if (i === R.TIMINCA) this.timeSync.wroteIncrement();
    else if (i === R.SYSTIML || i === R.SYSTIMH) this.timeSync.wroteTime(i);
    else if (i === R.TIMADJH) this.timeSync.adjust();
    else if (i === R.WUC) this.wake.wroteControl(value);
    else if (i === R.RCTL) this.wroteRctl();
    else if (i >= R.FIRST_RECEIVE && i <= R.LAST_RECEIVE) this.rx.wrote(i, value);
    else if (i >= R.FIRST_TRANSMIT && i <= R.LAST_TRANSMIT) this.wroteTransmit(i, value);
    else this.nvmUnit.wrote(i, value);
  }

  private wroteCtrl(value: number): void {
    if ((value & CTRL_RST) !== 0) {
      this.softReset();
      return;
    }
    if ((value & CTRL_PHY_RST) !== 0) this.phy.reset();
    this.updateStatus();
    this.linkMayHaveChanged();
    this.tx.controlChanged(this);
    this.rx.formatChanged();
    this.rx.kick();
    this.tx.pump();
  }

  private wroteRctl(): void {
    this.tx.controlChanged(this);
    this.rx.controlChanged();
  }

  private wroteTransmit(i: number, value: number): void {
    if (i === R.TCTL) {
      this.rx.flow.transmitControlWritten();
      this.tx.pump();
    } else this.tx.wrote(i, value);
  }

  get phyLoopback(): boolean {
    return this.phy.loopback;
  }

  /** A frame sent while RCTL.LBM loops the MAC back, or BMCR the PHY. */
  loopedBack(frame: number): void {
    this.arrived[0]++;
    this.rx.arrived(frame);
  }

  /** EE_RST: the NVM is read again. */
  private wroteCtrlExt(value: number): void {
    if ((value & CTRL_EXT_EE_RST) === 0) return;
    this.nvmUnit.reload();
    this.loadNvm();
  }

  private mdic(value: number): void {
    if (this.mdio.wrote(value)) this.phyAccessed();
  }

  /** A transaction with the PHY has ended: its link or its loopback may have changed. */
  private phyAccessed(): void {
    if (this.phy.loopback !== this.phyLooped) {
      this.phyLooped = this.phy.loopback;
      this.tx.controlChanged(this);
    }
    this.linkMayHaveChanged();
  }

  /** Configuration space was written: the way of signalling, the power state may have changed. */
  configWritten(): void {
    this.asleep = this.config.powerState() !== 0;
    this.irq.configWritten();
    this.wake.refresh();
    if (this.config.busMaster !== this.rx.master) this.rx.masterChanged();
  }

  dmaComplete(tag: number, ok: number): void {
    const kind = tag & TAG_KIND_MASK;
    if (kind === TAG_RX_DESCRIPTORS) this.rx.fetched(tag >>> TAG_SHIFT, ok);
    else if (kind === TAG_TX_DESCRIPTORS) this.tx.fetched(tag >>> TAG_SHIFT, ok);
    else this.tx.dataRead(tag >>> TAG_SHIFT, ok);
    if ((this.file.values[R.CTRL] & CTRL_GIO_MASTER_DISABLE) !== 0) this.updateStatus();
  }

  timer(op: number, a: number): void {
    if (op === TIMER_ITR) this.irq.windowEnd();
    else if (op === TIMER_EITR) this.irq.msix.windowEnd(a);
    else if (op === TIMER_RDTR) this.rx.delay.restartingExpired();
    else if (op === TIMER_RADV) this.rx.delay.absoluteExpired();
    else if (op === TIMER_TIDV) this.tx.delay.restartingExpired();
    else if (op === TIMER_TADV) this.tx.delay.absoluteExpired();
    else if (op === TIMER_AUTONEG) {
      this.phy.negotiated();
      this.linkMayHaveChanged();
    } else if (op === TIMER_MDIC) {
      this.mdio.finish();
      this.phyAccessed();
    } else if (op === TIMER_TX_FIFO) this.tx.fifoTimerExpired();
    else if (op === TIMER_TX_LINE) this.tx.lineFree();
    else if (op === TIMER_PAUSE) this.tx.pauseExpired();
    else if (op === TIMER_RAID) this.rx.ackExpired();
  }

  /** CTRL.RST: all registers but those that registers/soft-reset.ts names. The PHY and its link stay. */
  private softReset(): void {
    const kept = saveKept(this.file.values);
    this.resetDevice();
    restoreKept(this.file.values, kept);
    // PMCSR outlives this reset, and its PME bits show in WUC.
    this.wake.refresh();
  }

  /** Registers to their reset values; what is on chip is lost. */
  private resetDevice(): void {
    this.file.reset();
    this.loadNvm();
    this.nvmUnit.reset();
    this.mdio.reset();
    this.irq.reset();
    this.timeSync.reset();
    this.rx.reset();
    this.tx.reset();
    this.tx.controlChanged(this);
    this.linkUp = this.phy.up;
    this.tx.setLink(this.linkUp);
    this.updateStatus();
  }

  /** Power-on reset: the registers and the PHY, which negotiates anew. */
  reset(): void {
    const wake = this.wake.save();
    this.nvmUnit.reload();
    this.phy.reset();
    this.irq.msix.table.reset();
    this.resetDevice();
    this.wake.restore(wake);
    this.ioAddress = 0;
    this.configWritten();
  }

  /** What a register would read as, without side effects; 0 where there is none. */
  peek(offset: number): number {
    const i = RegisterFile.find(offset);
    if (i < 0) return 0;
    if (i === R.SYSTIML || i === R.SYSTIMH) return this.timeSync.half(i);
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
