import { type PacketSpec, packet, slowSum } from './packets.js';
import { type Bench, MAC, mac } from './support.js';

/** Registers of the data path beyond those of support.ts. */
export const DATA_REG = {
  CTRL: 0x0000,
  FCAL: 0x0028,
  FCAH: 0x002c,
  FCT: 0x0030,
  VET: 0x0038,
  IVAR: 0x00e4,
  FCTTV: 0x0170,
  FCRTL: 0x2160,
  FCRTH: 0x2168,
  PSRCTL: 0x2170,
  RXDCTL: 0x2828,
  RDBAL1: 0x2900,
  RDLEN1: 0x2908,
  RDH1: 0x2910,
  RDT1: 0x2918,
  RSRPD: 0x2c00,
  RAID: 0x2c08,
  TXDCTL: 0x3828,
  TARC0: 0x3840,
  TDBAL1: 0x3900,
  TDLEN1: 0x3908,
  TDH1: 0x3910,
  TDT1: 0x3918,
  TARC1: 0x3940,
  XONRXC: 0x4048,
  XONTXC: 0x404c,
  XOFFRXC: 0x4050,
  XOFFTXC: 0x4054,
  FCRUC: 0x4058,
  ROC: 0x40ac,
  TSCTC: 0x40f8,
  ICTXQMTC: 0x411c,
  VFTA: 0x5600,
  MRQC: 0x5818,
  RETA: 0x5c00,
  RSSRK: 0x5c80,
} as const;

/** CTRL after reset, and its bits. */
export const CTRL_RESET = 0x00140241;
export const VME: number = 1 << 30;
export const RFCE: number = 1 << 27;
export const TFCE: number = 1 << 28;
/** RCTL. */
export const LPE: number = 1 << 5;
export const LBM: number = 1 << 6;
export const UPE: number = 1 << 3;
export const VFE: number = 1 << 18;
export const PCSD = 0x2000;
/** Descriptor bits. */
export const EOP: number = 1 << 24;
export const IFCS: number = 1 << 25;
export const TSE: number = 1 << 26;
export const RS: number = 1 << 27;
export const DEXT: number = 1 << 29;
export const VLE: number = 1 << 30;
export const IDE: number = 1 << 31;
export const DATA: number = DEXT | (1 << 20);
export const IXSM: number = 1 << 8;
export const TXSM: number = 1 << 9;
export const TUCMD_TCP: number = 1 << 24;
export const TUCMD_IP: number = 1 << 25;
export const TUCMD_SNAP: number = 1 << 28;

export const PEER: Uint8Array = mac('02:00:00:00:00:99');
export const PAUSE_ADDRESS: Uint8Array = mac('01:80:c2:00:00:01');

/** The second ring of a direction, with its buffers. */
export class SecondRing {
  readonly base: number;
  readonly buffers: number[] = [];
  readonly count: number;
  tail = 0;
  private readonly b: Bench;

  /** A receive ring with `count - 1` buffers given. */
  static receive(b: Bench, count: number, bufferBytes = 2048): SecondRing {
    const ring = new SecondRing(b, count);
    for (let i = 0; i < count; i++) {
      ring.buffers.push(b.memory.alloc(bufferBytes, 64));
      ring.put(i, ring.buffers[i], 0, 0, 0);
    }
    b.write(DATA_REG.RDBAL1, ring.base);
    b.write(DATA_REG.RDLEN1, count * 16);
    b.write(DATA_REG.RDH1, 0);
    b.write(DATA_REG.RDT1, count - 1);
    b.run();
    return ring;
  }

  static transmit(b: Bench, count: number): SecondRing {
    const ring = new SecondRing(b, count);
    b.write(DATA_REG.TDBAL1, ring.base);
    b.write(DATA_REG.TDLEN1, count * 16);
    b.write(DATA_REG.TDH1, 0);
    b.write(DATA_REG.TDT1, 0);
    return ring;
  }

  private constructor(b: Bench, count: number) {
    this.b = b;
    this.count = count;
    this.base = b.memory.alloc(count * 16, 128);
  }

  put(i: number, w0: number, w1: number, w2: number, w3: number): void {
    this.b.arena.i32.set([w0, w1, w2, w3], (this.base >> 2) + i * 4);
  }

  /** Puts a transmit descriptor at the tail. */
  send(w0: number, w2: number, w3: number, kick = true): number {
    const i = this.tail;
    this.put(i, w0, 0, w2, w3);
    this.tail = (i + 1) % this.count;
    if (kick) this.b.write(DATA_REG.TDT1, this.tail);
    return i;
  }

  words(i: number): Int32Array {
    const w = (this.base >> 2) + i * 4;
    return this.b.arena.i32.slice(w, w + 4);
  }

  data(i: number, length: number): Uint8Array {
    return this.b.arena.u8.slice(this.buffers[i], this.buffers[i] + length);
  }
}

/** A frame with an 802.1Q tag behind its addresses. */
export function tagged(bytes: Uint8Array, tci: number, type = 0x8100): Uint8Array {
  const out = new Uint8Array(bytes.length + 4);
  out.set(bytes.subarray(0, 12));
  out.set([type >>> 8, type & 0xff, tci >>> 8, tci & 0xff], 12);
  out.set(bytes.subarray(12), 16);
  return out;
}

/** A PAUSE frame. */
export function pause(quanta: number, to: Uint8Array = PAUSE_ADDRESS, opcode = 1): Uint8Array {
  const out = new Uint8Array(60);
  out.set(to);
  out.set(PEER, 6);
  out.set([0x88, 0x08, opcode >>> 8, opcode & 0xff, quanta >>> 8, quanta & 0xff], 12);
  return out;
}

/** The usual flow control addresses, as drivers write them. */
export function setupFlowControl(b: Bench, ctrl: number): void {
  b.write(DATA_REG.FCAL, 0x00c28001);
  b.write(DATA_REG.FCAH, 0x0100);
  b.write(DATA_REG.FCT, 0x8808);
  b.write(DATA_REG.CTRL, CTRL_RESET | ctrl);
}

/** A packet to our NIC, for the receive tests. */
export function toUs(spec: PacketSpec): Uint8Array {
  const { bytes } = packet(spec);
  bytes.set(MAC);
  return bytes;
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** Whether the checksums of an untagged TCP or UDP packet are right, by the slow sum. */
export function checksumsRight(bytes: Uint8Array): boolean {
  const v4 = bytes[14] >>> 4 === 4;
  const header = v4 ? (bytes[14] & 15) * 4 : 40;
  const l4 = 14 + header;
  const total = v4 ? get16(bytes, 16) : 40 + get16(bytes, 18);
  const proto = v4 ? bytes[23] : bytes[20];
  const n = total - header;
  if (v4 && slowSum(bytes, 14, l4) !== 0xffff) return false;
  const addresses = v4 ? slowSum(bytes, 26, 34) : slowSum(bytes, 22, 54);
  const pseudo = slowSum(Uint8Array.of(0, proto, n >>> 8, n & 0xff), 0, 4, addresses);
  return slowSum(bytes, l4, l4 + n, pseudo) === 0xffff;
}
