import { Cloneable } from '../../../sim/index.js';
import type { FramePool } from '../../../wire/index.js';
import type { ConfigSpace, DevicePort } from '../../pcie/index.js';
import { WUC_APME, WUC_APMPME, WUC_PME_EN, WUC_PME_STATUS, WUFC_LNKC, WUFC_MAG } from '../registers/bits.js';
import * as R from '../registers/indices.js';
import { accepts, DEST_BROADCAST, destinationKind } from '../rx/filter.js';
import { isMagic, wakeFilters } from './wake-filters.js';

/** PMCSR: offset in the capability of its second byte, and in that byte PME_En and PME_Status. */
const PMCSR_HIGH = 5;
/** Second byte of the capabilities, and in it the states that PME comes from. */
const PMC_HIGH = 3;
const PMC_PME = 0xf8;
const PME_EN = 0x01;
const PME_STATUS = 0x80;

const ETH_HLEN = 14;
/** Bytes of WUPM. */
const PACKET_MEMORY = 128;
/** Bits of WUS that a packet sets: all but LNKC. */
const PACKET_BITS: number = ~WUFC_LNKC;

/**
 * Wake-up out of D3hot (8254x software developer's manual, 6.4): with PMCSR.PME_En a packet that passes the address filter
 * and a filter of WUFC, or a change of the link; with WUC.APME a magic packet to the station or to all. The event shows in
 * PMCSR.PME_Status and WUS; the first packet's length and first 128 bytes are kept until software clears its bits.
 * The PME message itself has no receiver in this root complex; software polls PME_Status.
 */
export class WakeUnit extends Cloneable {
  private readonly values: Int32Array;
  private readonly config: ConfigSpace;
  private readonly port: DevicePort;
  private readonly pool: FramePool;

  constructor(values: Int32Array, config: ConfigSpace, port: DevicePort, pool: FramePool) {
    super();
    this.values = values;
    this.config = config;
    this.port = port;
    this.pool = pool;
  }

  private pmcsr(): number {
    return this.config.pmCap === 0 ? 0 : this.config.bytes[this.config.pmCap + PMCSR_HIGH];
  }

  /** Without PME in the capabilities the PME bits do not exist: they stay 0. */
  private setPmcsr(value: number): void {
    const cap = this.config.pmCap;
    if (cap !== 0 && (this.config.bytes[cap + PMC_HIGH] & PMC_PME) !== 0) this.config.bytes[cap + PMCSR_HIGH] = value;
    this.refresh();
  }

  /** Brings the PME bits of WUC in the register file to those of PMCSR. */
  refresh(): void {
    const pmcsr = this.pmcsr();
    let wuc = this.values[R.WUC] & ~(WUC_PME_EN | WUC_PME_STATUS);
    if ((pmcsr & PME_EN) !== 0) wuc |= WUC_PME_EN;
    if ((pmcsr & PME_STATUS) !== 0) wuc |= WUC_PME_STATUS;
    this.values[R.WUC] = wuc;
  }

  /** WUC was written: its PME bits act on PMCSR. */
  wroteControl(value: number): void {
    let pmcsr = this.pmcsr() & ~PME_EN;
    if ((value & WUC_PME_EN) !== 0) pmcsr |= PME_EN;
    if ((value & WUC_PME_STATUS) !== 0) pmcsr &= ~PME_STATUS;
    this.setPmcsr(pmcsr);
  }

  /** A frame has come while the function sleeps. The caller drops it. True when it woke the system. */
  frame(frame: number): boolean {
    const v = this.values;
    const length = this.pool.len(frame);
    if (length < ETH_HLEN || (v[R.WUS] & PACKET_BITS) !== 0) return false;
    const bits = this.matches(this.pool.off(frame), length);
    if (bits === 0) return false;
    v[R.WUS] |= bits;
    this.keep(frame, length);
    if ((this.pmcsr() & PME_EN) !== 0 || (v[R.WUC] & WUC_APMPME) !== 0) this.setPmcsr(this.pmcsr() | PME_STATUS);
    return true;
  }

  private matches(off: number, length: number): number {
    const v = this.values;
    const { arena } = this.port;
    const kind = destinationKind(arena, off);
    const passes = accepts(v, arena, off, kind);
    let bits = 0;
    if ((this.pmcsr() & PME_EN) !== 0 && passes) bits = wakeFilters(v, arena, off, length, kind);
    if ((v[R.WUC] & WUC_APME) !== 0 && (passes || kind === DEST_BROADCAST) && isMagic(v, arena, off, length)) {
      bits |= WUFC_MAG;
    }
    return bits;
  }

  private keep(frame: number, length: number): void {
    const v = this.values;
    const { u8 } = this.port.arena;
    const off = this.pool.off(frame);
    v[R.WUPL] = length;
    for (let k = 0; k < PACKET_MEMORY; k += 4) {
      let word = 0;
      for (let b = 3; b >= 0; b--) word = (word << 8) | (k + b < length ? u8[off + k + b] : 0);
      v[R.WUPM0 + (k >> 2)] = word;
    }
  }

  /** What a reset of the function leaves as it is, power being kept: status, and the packet that woke. Linux reads WUS in D0. */
  save(): Int32Array {
    const kept = new Int32Array(2 + PACKET_MEMORY / 4);
    kept[0] = this.values[R.WUS];
    kept[1] = this.values[R.WUPL];
    kept.set(this.values.subarray(R.WUPM0, R.WUPM0 + PACKET_MEMORY / 4), 2);
    return kept;
  }

  restore(kept: Int32Array): void {
    this.values[R.WUS] = kept[0];
    this.values[R.WUPL] = kept[1];
    this.values.set(kept.subarray(2), R.WUPM0);
  }

  /** The link came or went while the function sleeps. */
  linkChanged(): void {
    const v = this.values;
    if ((this.pmcsr() & PME_EN) === 0 || (v[R.WUFC] & WUFC_LNKC) === 0 || (v[R.WUS] & WUFC_LNKC) !== 0) return;
    v[R.WUS] |= WUFC_LNKC;
    this.setPmcsr(this.pmcsr() | PME_STATUS);
  }
}
