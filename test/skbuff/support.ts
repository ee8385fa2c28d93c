import { Simulation } from '../../src/sim/index.js';
import {
  NETDEV_TX_OK,
  Net,
  type NetDevice,
  type NetDeviceOps,
  type Net as NetType,
  type SkBuff,
} from '../../src/skbuff/index.js';

/** A host's `Net` on a simulation of its own. */
export function makeNet(options: { checked?: boolean; limit_bytes?: number } = {}): NetType {
  const sim = new Simulation({ seed: 1 });
  return new Net({ sim, hostId: 1, name: 'h', ...options });
}

/** The skb, which must exist. */
export function some(skb: SkBuff | null): SkBuff {
  if (skb === null) throw new Error('no skb');
  return skb;
}

/** An skb that holds `bytes` behind `headroom` free bytes. */
export function skbOf(net: NetType, bytes: Uint8Array, headroom = 64, tailroom = 0): SkBuff {
  const skb = some(net.pool.alloc_skb(headroom + bytes.length + tailroom));
  skb.data = skb.tail = skb.head + headroom;
  skb.tail += bytes.length;
  skb.len = bytes.length;
  net.arena.u8.set(bytes, skb.data);
  return skb;
}

/** A packet whose bytes are `parts`, the first in the head and each other one in a part of its own. */
export function chainOf(net: NetType, parts: readonly Uint8Array[]): SkBuff {
  const head = skbOf(net, parts[0]);
  let last: SkBuff | null = null;
  for (const part of parts.slice(1)) {
    const f = skbOf(net, part);
    if (last === null) head.frag_list = f;
    else last.next = f;
    last = f;
    head.len += part.length;
    head.data_len += part.length;
  }
  return head;
}

/** Concatenation. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

/** RFC 1071 by the book: big-endian 16-bit words, odd byte padded with zero, end-around carry. */
export function slowSum(bytes: Uint8Array, sum = 0): number {
  let s = sum;
  for (let i = 0; i < bytes.length; i += 2) s += bytes[i] * 256 + (i + 1 < bytes.length ? bytes[i + 1] : 0);
  while (s > 0xffff) s = (s & 0xffff) + Math.floor(s / 65536);
  return s;
}

/** Both forms of zero are one number in one's complement. */
export function canon(sum: number): number {
  return sum === 0xffff ? 0 : sum;
}

/** Nothing outside the live skbs: allocated = consumed + dropped + live. */
export function conserved(net: NetType): boolean {
  const p = net.pool;
  return p.allocated === p.consumed + p.dropped + p.live;
}

/** A driver with `room` free descriptors that keeps what it is given. */
export class FakeDriver implements NetDeviceOps {
  room: number;
  taken: SkBuff[] = [];
  opened = 0;
  stopped = 0;
  modes = 0;
  openError = 0;

  constructor(room = 1000) {
    this.room = room;
  }
  ndo_open(): number {
    this.opened++;
    return this.openError;
  }
  ndo_stop(): number {
    this.stopped++;
    return 0;
  }
  ndo_start_xmit(skb: SkBuff, _dev: NetDevice): number {
    if (this.room <= 0) return 16;
    this.room--;
    this.taken.push(skb);
    return NETDEV_TX_OK;
  }
  ndo_set_rx_mode(): void {
    this.modes++;
  }
}
