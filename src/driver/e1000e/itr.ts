import { Cloneable } from '../../sim/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import { E1000_EITR_82574, E1000_ITR } from './regs.js';

/** What traffic looks like, by the interrupt rate that suits it. */
export const LATENCY_LOWEST = 0;
export const LATENCY_LOW = 1;
export const LATENCY_BULK = 2;

/** Modes of moderation, `adapter->itr_setting` of the kernel driver; larger values are a fixed rate in interrupts a second. */
export const ITR_OFF = 0;
export const ITR_DYNAMIC = 1;
export const ITR_DYNAMIC_CONSERVATIVE = 3;
export const ITR_SIMPLIFIED = 4;

/** Interrupts a second that adaptive moderation starts with. */
export const ITR_START = 20000;
/** Limits of a fixed interval set by `ethtool -C`, us (e1000.h: 100000 to 100 interrupts a second). */
const MIN_ITR_USECS = 10;
const MAX_ITR_USECS = 10000;
/** Largest values of ITR and EITR. */
const ITR_MASK = 0xffff;

/** State of interrupt moderation. Rates are in interrupts a second. */
export class E1000Moderation extends Cloneable {
  /** ITR_* or a rate. */
  setting: number;
  /** The rate in force; 0 = off. */
  itr: number;
  /** Value of ITR, or of the EITRs, units of 256 ns. */
  register: number;
  /** One of the two modes that look at every poll. */
  adaptive: boolean;
  /** LATENCY_* of each direction. */
  rx_itr: number;
  tx_itr: number;
  /** MSI-X: `register` is to be written at the next receive interrupt. */
  pending: boolean;
  /** Adaptive moderation is off because two frames would not fit into the receive FIFO. */
  disable_aim: boolean;
  /** Counters of the device when the interrupt came: received packets and bytes, sent packets and bytes. */
  readonly base: Float64Array;

  constructor() {
    super();
    this.setting = this.itr = this.register = 0;
    this.adaptive = this.pending = this.disable_aim = false;
    this.rx_itr = this.tx_itr = LATENCY_LOWEST;
    this.base = new Float64Array(4);
  }
}

/** Register value of a rate, as the kernel driver computes it: whole units of 256 ns. */
export function itr_of_rate(itr: number): number {
  return itr === 0 ? 0 : Math.trunc(1_000_000_000 / (itr * 256)) & ITR_MASK;
}

/** Sets a mode or a fixed interval of whole microseconds that is not limited as `ethtool -C` is. Does not touch the chip. */
export function e1000_choose_itr(m: E1000Moderation, rx_usecs: number | string): void {
  m.adaptive = false;
  if (typeof rx_usecs === 'number') {
    m.itr = rx_usecs === 0 ? 0 : Math.trunc(1_000_000 / rx_usecs);
    m.setting = m.itr & ~3;
    m.register = Math.floor((rx_usecs * 1000) / 256);
    return;
  }
  if (rx_usecs === 'simplified') {
    m.setting = m.itr = ITR_SIMPLIFIED;
  } else {
    m.setting = rx_usecs === 'dynamic' ? ITR_DYNAMIC : ITR_DYNAMIC_CONSERVATIVE;
    m.itr = ITR_START;
    m.adaptive = true;
  }
  m.register = itr_of_rate(m.itr);
}

/**
 * `e1000_set_coalesce`: 0 off, 1 dynamic, 3 dynamic conservative, 4 simplified, 10..10000 a fixed interval in us. False for any other
 * value. Does not touch the chip.
 */
export function e1000_choose_coalesce(m: E1000Moderation, usecs: number): boolean {
  if (!(usecs >= 0 && usecs <= MAX_ITR_USECS) || usecs !== Math.trunc(usecs)) return false;
  if ((usecs > 4 && usecs < MIN_ITR_USECS) || usecs === 2) return false;
  if (usecs === ITR_SIMPLIFIED) m.setting = m.itr = ITR_SIMPLIFIED;
  else if (usecs <= 3) {
    m.itr = ITR_START;
    m.setting = usecs;
  } else {
    m.itr = Math.trunc(1_000_000 / usecs);
    m.setting = m.itr & ~3;
  }
  m.adaptive = (m.setting & 3) !== 0;
  m.register = m.setting === ITR_OFF ? 0 : itr_of_rate(m.itr);
  return true;
}

/** What `ethtool -c` shows (`e1000_get_coalesce`): the mode's number, or the interval in us that the rounded rate stands for. */
export function e1000_coalesce_usecs(m: E1000Moderation): number {
  return m.setting <= ITR_SIMPLIFIED ? m.setting : Math.trunc(1_000_000 / m.setting);
}

/** Writes `m.register`: to ITR, or with MSI-X to the EITR of every vector, where 0 would be no value (`e1000_configure_msix`). */
export function e1000e_write_itr(a: E1000Adapter): void {
  const register = a.moderation.register;
  if (a.vectors === 1) e1000_writel(a, E1000_ITR, register);
  else for (let v = 0; v < a.vectors; v++) e1000_writel(a, E1000_EITR_82574 + 4 * v, register === 0 ? 1 : register);
}

/** The interrupt for received packets has come: what the next polls do is measured from here. */
export function e1000_sample_rx(a: E1000Adapter): void {
  const { base } = a.moderation;
  base[0] = a.dev.stats.rx_packets;
  base[1] = a.dev.stats.rx_bytes;
}

/** The same for sent packets. */
export function e1000_sample_tx(a: E1000Adapter): void {
  const { base } = a.moderation;
  base[2] = a.dev.stats.tx_packets;
  base[3] = a.dev.stats.tx_bytes;
}

/**
 * `e1000_update_itr`: the class of traffic after an interrupt that found `packets` packets of together `bytes` bytes, when it was
 * `setting` (LATENCY_*) before.
 */
export function e1000_update_itr(setting: number, packets: number, bytes: number): number {
  if (packets === 0) return setting;
  const average = Math.trunc(bytes / packets);
  if (setting === LATENCY_LOWEST) {
    if (average > 8000) return LATENCY_BULK;
    return packets < 5 && bytes > 512 ? LATENCY_LOW : setting;
  }
  if (setting === LATENCY_LOW) {
    if (bytes > 10000) {
      if (average > 1200 || packets < 10) return LATENCY_BULK;
      return packets > 35 ? LATENCY_LOWEST : setting;
    }
    if (average > 2000) return LATENCY_BULK;
    return packets <= 2 && bytes < 512 ? LATENCY_LOWEST : setting;
  }
  if (bytes > 25000) return packets > 35 ? LATENCY_LOW : setting;
  return bytes < 6000 ? LATENCY_LOW : setting;
}

/** Interrupts a second of each class. */
const RATES: readonly number[] = [70000, 20000, 4000];

/** The rate that the traffic since the interrupt asks for, from the present one on (`e1000_set_itr`). */
function wanted(a: E1000Adapter): number {
  const m = a.moderation;
  if (a.link_speed !== 1000) return 4000;
  if (m.disable_aim) return 0;
  const { stats } = a.dev;
  const { base } = m;
  m.tx_itr = e1000_update_itr(m.tx_itr, stats.tx_packets - base[2], stats.tx_bytes - base[3]);
  m.rx_itr = e1000_update_itr(m.rx_itr, stats.rx_packets - base[0], stats.rx_bytes - base[1]);
  if (m.setting === ITR_DYNAMIC_CONSERVATIVE) {
    if (m.tx_itr === LATENCY_LOWEST) m.tx_itr = LATENCY_LOW;
    if (m.rx_itr === LATENCY_LOWEST) m.rx_itr = LATENCY_LOW;
  }
  return RATES[m.rx_itr > m.tx_itr ? m.rx_itr : m.tx_itr] as number;
}

/**
 * `e1000_set_itr`: adaptive moderation at the end of a poll. A rate goes down at once, up by a quarter of the new rate a time. With
 * MSI-X the register is written at the next receive interrupt.
 */
export function e1000_set_itr(a: E1000Adapter): void {
  const m = a.moderation;
  const rate = wanted(a);
  if (rate === m.itr) return;
  m.itr = rate > m.itr ? Math.min(m.itr + (rate >> 2), rate) : rate;
  m.register = itr_of_rate(m.itr);
  if (a.vectors === 1) e1000e_write_itr(a);
  else m.pending = true;
}

/**
 * Simplified mode, at each turn of the watchdog: 2000 interrupts a second when as many bytes were sent as received in the last
 * period, 8000 when all went one way.
 */
export function e1000_simple_itr(sent: number, received: number): number {
  const goc = Math.trunc((sent + received) / 10000);
  const dif = Math.trunc(Math.abs(sent - received) / 10000);
  return goc > 0 ? Math.trunc((dif * 6000) / goc) + 2000 : 8000;
}
