import { expect } from 'vitest';
import { type Inet, inet_create, inet_init, Msghdr, type Sock } from '../../src/proto/index.js';
import { Simulation } from '../../src/sim/index.js';
import {
  alloc_skb,
  consume_skb,
  dev_open,
  drops_by_reason,
  eth_type_trans,
  NETDEV_TX_OK,
  Net,
  NetDevice,
  type NetDeviceOps,
  netif_receive_skb,
  register_netdev,
  type SkBuff,
  skb_bytes,
  skb_put,
  skb_reserve,
} from '../../src/skbuff/index.js';
import { AF_INET, AF_INET6, encodeSockaddr, SOCK_DGRAM } from '../../src/uapi/index.js';

/** A device that keeps what it sends in `sent`, and hands it to `peer` by an event when it has one. */
export class FakeDevice implements NetDeviceOps {
  readonly dev: NetDevice;
  readonly sent: Uint8Array[] = [];
  /** Frames on their way to this device. */
  readonly arriving: Uint8Array[] = [];
  peer: FakeDevice | null = null;
  received: number = 0;
  rxModeCalls: number = 0;
  hold: SkBuff[] | null = null;
  private readonly target: number;

  constructor(net: Net, mac: number[], features: number) {
    this.dev = new NetDevice(net, 'eth%d', this);
    this.dev.dev_addr.set(mac);
    this.dev.features = features;
    this.dev.max_mtu = 65535;
    this.target = net.sim.attach(this);
  }

  ndo_open(): number {
    return 0;
  }

  ndo_stop(): number {
    return 0;
  }

  ndo_set_rx_mode(): void {
    this.rxModeCalls++;
  }

  ndo_start_xmit(skb: SkBuff): number {
    // A device with checksum offload completes it, as hardware does.
    const frame = skb_bytes(skb);
    if (skb.ip_summed === 3) completeChecksum(frame, skb.csum_start - skb.data, skb.csum_offset);
    this.sent.push(frame);
    if (this.hold !== null) this.hold.push(skb);
    else consume_skb(skb);
    if (this.peer !== null) this.peer.arrive(frame);
    return NETDEV_TX_OK;
  }

  arrive(frame: Uint8Array): void {
    this.arriving.push(frame);
    this.dev.net.sim.schedule(1000, this.target, 1, 0, 0);
  }

  handle(): void {
    const frame = this.arriving.shift();
    if (frame !== undefined) this.receive(frame);
  }

  /** Receives a frame now, as a driver's poll does. */
  receive(frame: Uint8Array, ip_summed: number = 0): void {
    const { net } = this.dev;
    const skb = alloc_skb(net, frame.length + 66);
    if (skb === null) throw new Error('no memory');
    skb_reserve(skb, 66);
    net.arena.u8.set(frame, skb_put(skb, frame.length));
    skb.ip_summed = ip_summed;
    this.received++;
    if (frame.length < 14) throw new Error('a driver never hands up less than a header');
    skb.protocol = eth_type_trans(skb, this.dev);
    netif_receive_skb(skb);
  }
}

/** One's-complement sum by the book, byte by byte. */
export function slowSum(bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += (i - start) & 1 ? bytes[i] : bytes[i] << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 65536);
  return sum;
}

function completeChecksum(frame: Uint8Array, start: number, offset: number): void {
  const sum = ~slowSum(frame, start) & 0xffff;
  const field = start + offset;
  frame[field] = (sum === 0 ? 0xffff : sum) >>> 8;
  frame[field + 1] = sum === 0 ? 0xff : sum;
}

export interface World {
  sim: Simulation;
  net: Net;
  inet: Inet;
  fake: FakeDevice;
  dev: NetDevice;
}

export const MAC_A: number[] = [2, 0, 0, 0, 0, 1];
export const MAC_B: number[] = [2, 0, 0, 0, 0, 2];

/** One host with a fake device: 10.0.0.1/24 and fd00::1/64 unless other addresses are given. */
export function host(
  sim: Simulation,
  id: number,
  mac: number[] = MAC_A,
  addresses: string[] = ['10.0.0.1/24', 'fd00::1/64'],
  features: number = 0,
): World {
  const net = new Net({ sim, hostId: id, name: `h${id}`, checked: true });
  const inet = inet_init(net);
  const fake = new FakeDevice(net, mac, features);
  register_netdev(fake.dev);
  dev_open(fake.dev);
  for (const a of addresses) inet.addAddress(fake.dev, a);
  return { sim, net, inet, fake, dev: fake.dev };
}

export function single(features: number = 0): World {
  return host(new Simulation({ seed: 7 }), 1, MAC_A, ['10.0.0.1/24', 'fd00::1/64'], features);
}

/** Two hosts on a wire: 10.0.0.1/fd00::1 and 10.0.0.2/fd00::2. */
export function pair(features: number = 0, mtu: number = 1500): { a: World; b: World; sim: Simulation } {
  const sim = new Simulation({ seed: 7 });
  const a = host(sim, 1, MAC_A, ['10.0.0.1/24', 'fd00::1/64'], features);
  const b = host(sim, 2, MAC_B, ['10.0.0.2/24', 'fd00::2/64'], features);
  a.dev.mtu = b.dev.mtu = mtu;
  a.fake.peer = b.fake;
  b.fake.peer = a.fake;
  return { a, b, sim };
}

/** Runs for `ns` of virtual time (default 10 ms: what is on its way arrives, nothing times out). */
export function settle(sim: Simulation, ns: number = 10_000_000): void {
  sim.drain(sim.clock[0] + ns);
}

export function socket(w: World, family: number = AF_INET): Sock {
  const sk = inet_create(w.inet, family, SOCK_DGRAM, 0);
  if (typeof sk === 'number') throw new Error(`inet_create: ${sk}`);
  return sk;
}

/** `struct sockaddr` bytes of `address` and `port`; the family is that of the address. */
export function name(address: string, port: number, scopeId: number = 0): Uint8Array {
  const out = new Uint8Array(28);
  const v6 = address.includes(':');
  const n = encodeSockaddr(v6 ? { family: AF_INET6, address, port, scopeId } : { family: AF_INET, address, port }, out);
  return out.slice(0, n);
}

export function bind(sk: Sock, address: string, port: number): number {
  const n = name(address, port);
  return sk.bind(n, n.length);
}

export function connect(sk: Sock, address: string, port: number): number {
  const n = name(address, port);
  return sk.connect(n, n.length);
}

export function sendto(
  sk: Sock,
  data: Uint8Array,
  address: string | null = null,
  port: number = 0,
  flags: number = 0,
): number {
  const msg = new Msghdr();
  msg.buf = data;
  msg.len = data.length;
  msg.flags = flags;
  if (address !== null) {
    const n = name(address, port);
    msg.name.set(n);
    msg.namelen = n.length;
  }
  return sk.sendmsg(msg);
}

export function recv(sk: Sock, room: number = 65536, flags: number = 0): { n: number; data: Uint8Array; msg: Msghdr } {
  const msg = new Msghdr();
  msg.buf = new Uint8Array(room);
  msg.len = room;
  msg.flags = flags;
  const n = sk.recvmsg(msg);
  return { n, data: msg.buf.slice(0, Math.max(0, Math.min(n, room))), msg };
}

/** Bytes that differ from place to place. */
export function pattern(length: number, salt: number = 1): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = (i * 31 + (i >>> 8) * 7 + salt) & 0xff;
  return out;
}

/** Conservation (DESIGN §5): what was allocated is consumed, dropped with a reason, or alive. */
export function conserved(w: World): void {
  const { pool } = w.net;
  expect(pool.allocated).toBe(pool.consumed + pool.dropped + pool.live);
  expect(w.net.drops[2], 'NOT_SPECIFIED').toBe(0);
}

/** Conservation, and nothing is left in flight. */
export function empty(w: World): void {
  conserved(w);
  expect(w.net.pool.live).toBe(0);
}

export function drops(w: World): Record<string, number> {
  return drops_by_reason(w.net);
}

/** An Ethernet frame around a payload. */
export function eth(type: number, payload: Uint8Array, dst: number[] = MAC_A, src: number[] = MAC_B): Uint8Array {
  const out = new Uint8Array(14 + payload.length);
  out.set(dst);
  out.set(src, 6);
  out[12] = type >>> 8;
  out[13] = type;
  out.set(payload, 14);
  return out;
}
