import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Simulation } from '../../src/sim/index.js';
import { AF_INET6 } from '../../src/uapi/index.js';
import { bind, drops, empty, host, MAC_B, recv, settle, socket } from './support.js';

const IP_ICMP = 1;
const IP_TCP = 6;

/** The frames of a little-endian microsecond pcap. */
function frames(): Uint8Array[] {
  const d = readFileSync(new URL('../fixtures/linux-mixed.pcap', import.meta.url));
  const out: Uint8Array[] = [];
  for (let o = 24; o < d.length; ) {
    const n = d.readUInt32LE(o + 8);
    out.push(new Uint8Array(d.subarray(o + 16, o + 16 + n)));
    o += 16 + n;
  }
  return out;
}

const type = (f: Uint8Array): number => (f[12] << 8) | f[13];
/** Upper protocol, through a fragment header. */
function proto(f: Uint8Array): number {
  if (type(f) === 0x0800) return f[23];
  return type(f) === 0x86dd ? (f[20] === 44 ? f[54] : f[20]) : 0;
}

/** Zeroes what each kernel chooses for itself: IPv4 id and header checksum, flow label, fragment id. */
function normal(f: Uint8Array): string {
  const c = f.slice();
  if (type(c) === 0x0800) c.fill(0, 18, 20).fill(0, 24, 26);
  if (type(c) === 0x86dd) {
    c[15] &= 0xf0;
    c.fill(0, 16, 18);
    if (c[20] === 44) c.fill(0, 58, 62);
  }
  return Buffer.from(c).toString('hex');
}

/** What Linux sent on its own account: ARP, ICMP and advertisements, but not router solicitation, its DAD probes and TCP. */
function kernelMade(f: Uint8Array): boolean {
  if (type(f) === 0x0806) return true;
  if (type(f) === 0x0800) return proto(f) === IP_ICMP;
  if (type(f) !== 0x86dd || proto(f) !== 58) return false;
  const dad = f.slice(22, 38).every((b) => b === 0);
  return !dad && f[54] !== 133;
}

it('a recorded exchange of two Linux hosts: the answers are those Linux gave, byte for byte', () => {
  const w = host(new Simulation({ seed: 1 }), 1, MAC_B, ['10.1.0.2/24', 'fd01::2/64']);
  const s4 = socket(w);
  expect(bind(s4, '0.0.0.0', 7000)).toBe(0);
  const s6 = socket(w, AF_INET6);
  s6.setsockopt(41, 26, Uint8Array.of(1, 0, 0, 0));
  expect(bind(s6, '::', 7000)).toBe(0);
  const linux: string[] = [];
  const sizes: number[] = [];
  for (const f of frames()) {
    if (f[6] === 2 && f[11] === 2) {
      if (kernelMade(f)) linux.push(normal(f));
      continue;
    }
    if (proto(f) === IP_TCP) continue;
    w.fake.receive(f);
    settle(w.sim);
    for (const sk of [s4, s6]) {
      for (let got = recv(sk); got.n >= 0; got = recv(sk)) {
        sizes.push(got.n);
      }
    }
  }
  expect(w.fake.sent.map(normal).sort()).toEqual(linux.sort());
  expect(linux.length).toBe(22);
  expect(sizes).toEqual([1, 18, 512, 1472, 1473, 4000, 9000, 1, 18, 512, 1472, 1473, 4000, 9000]);
  // Two datagrams to closed ports, and seven multicasts to groups this host is no member of (MLD reports, router solicitations).
  expect(drops(w)).toEqual({ NO_SOCKET: 2, IP_INADDRERRORS: 7 });
  expect(w.inet.snmp()['Udp']).toMatchObject({ InDatagrams: 7, NoPorts: 1, InErrors: 0 });
  expect(w.inet.snmp()['Ip']).toMatchObject({ ReasmReqds: 18, ReasmOKs: 5, ReasmFails: 0, FragOKs: 2, FragCreates: 6 });
  s4.release();
  s6.release();
  empty(w);
});
