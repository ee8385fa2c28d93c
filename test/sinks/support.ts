import { createNetwork, type Host, type HostOptions, type Network } from '../../src/host/index.js';
import { PcapngCapture, TraceCollector, type TraceRecord } from '../../src/sinks/index.js';
import type { Sys } from '../../src/syscalls/index.js';
import { AF_INET, SOCK_DGRAM } from '../../src/uapi/index.js';
import type { Link, LinkOptions, RawPort } from '../../src/wire/index.js';

const MAC = '02:00:00:00:00:02';
const PORT = 7000;

/** One machine behind a raw port, with a program that reads UDP port 7000; costs are those of the `lumped` table. */
export interface Bench {
  net: Network;
  host: Host;
  port: RawPort;
  link: Link;
  trace: TraceCollector;
  capture: PcapngCapture;
  received: number[];
}

/** Builds the bench and lets the machine come up; the trace starts after that. */
export async function bench(options: HostOptions = {}, wire: LinkOptions = {}): Promise<Bench> {
  const net = createNetwork({ seed: 1, costs: 'lumped', checked: true });
  const host = net.host('b', { addresses: ['10.0.0.2/24'], mac: MAC, ...options });
  host.inet.addNeighbour(host.nic.dev, '10.0.0.1', '02:00:00:00:00:01');
  const port = net.port(host, { wire });
  const received: number[] = [];
  host.spawn((sys) => reader(sys, received), { name: 'reader', daemon: true });
  await net.run();
  const capture = new PcapngCapture();
  const link = net.links[0] as Link;
  capture.add(link, net.frames);
  const trace = net.trace(new TraceCollector());
  return { net, host, port, link, trace, capture, received };
}

async function reader(sys: Sys, received: number[]): Promise<void> {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  sys.bind(fd, { address: '0.0.0.0', port: PORT });
  for (;;) received.push((await sys.recvfrom(fd, 65536)).data.length);
}

interface DatagramOptions {
  port?: number;
  /** IPv4 identification. */
  id?: number;
  /** Protocol of the Ethernet header. */
  etherType?: number;
}

/** An Ethernet frame from 10.0.0.1 to 10.0.0.2 with `length` bytes of UDP payload, without UDP checksum. */
export function datagram(length: number, options: DatagramOptions = {}): Uint8Array {
  const udp = new Uint8Array(8 + length).fill(0x5a);
  const dv = new DataView(udp.buffer);
  dv.setUint16(0, 9000);
  dv.setUint16(2, options.port ?? PORT);
  dv.setUint16(4, udp.length);
  dv.setUint16(6, 0);
  return ipv4(udp, 0, options);
}

/** The same datagram in two fragments, the first with `first` bytes of its IP payload (a multiple of 8). */
export function fragments(length: number, first: number): [Uint8Array, Uint8Array] {
  const whole = datagram(length);
  const payload = whole.subarray(34);
  return [ipv4(payload.subarray(0, first), 0x2000, { id: 77 }), ipv4(payload.subarray(first), first / 8, { id: 77 })];
}

function ipv4(payload: Uint8Array, fragment: number, options: DatagramOptions): Uint8Array {
  const bytes = new Uint8Array(34 + payload.length);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  const dv = new DataView(bytes.buffer);
  dv.setUint16(12, options.etherType ?? 0x0800);
  dv.setUint16(14, 0x4500);
  dv.setUint16(16, 20 + payload.length);
  dv.setUint16(18, options.id ?? 1);
  dv.setUint16(20, fragment);
  dv.setUint16(22, 0x4011);
  dv.setUint32(26, 0x0a000001);
  dv.setUint32(30, 0x0a000002);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += dv.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  dv.setUint16(24, ~sum & 0xffff);
  bytes.set(payload, 34);
  return bytes;
}

/** A trace record of a test's own. */
export function record(fields: Partial<TraceRecord>): TraceRecord {
  return {
    index: 0,
    time: 0,
    cycle: 0,
    id: 0,
    name: '',
    host: 1,
    unit: 0,
    cpu: -1,
    ctx: -1,
    journey: 0,
    a: 0,
    b: 0,
    c: 0,
    ...fields,
  };
}
