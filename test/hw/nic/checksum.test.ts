import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { type Packet, type PacketSpec, packet } from './packets.js';
import { Bench, frameTo, hex, MAC, RCTL_SECRC, REG, RFCTL_EXTEN } from './support.js';

const UDPCS = 0x10;
const TCPCS = 0x20;
const IPCS = 0x40;
const TCPE = 0x20000000;
const IPE = 0x40000000;
const DONE = 3;

const ACK_DIS = 1 << 12;

/** Status and error word of the extended descriptor for a frame; acknowledgements are not marked. */
function status(bytes: Uint8Array, rxcsum = 0x2300, rfctl = 0): number {
  const b = new Bench({ checked: false });
  b.write(REG.RFCTL, RFCTL_EXTEN | ACK_DIS | rfctl);
  b.write(REG.RXCSUM, rxcsum);
  b.setupRx(8, RCTL_SECRC);
  b.inject(bytes);
  b.run();
  return b.rxWords(0)[2];
}

function flip(p: Packet, at: number): Uint8Array {
  const bytes = p.bytes.slice();
  bytes[at] ^= 0x10;
  return bytes;
}

const v4: PacketSpec = { version: 4, proto: 17, payload: 37 };
const v6: PacketSpec = { version: 6, proto: 17, payload: 38 };

describe('receive checksum offload', () => {
  test('good packets: what was checked is shown', () => {
    expect(hex(status(packet(v4).bytes))).toBe(hex(DONE | IPCS | TCPCS | UDPCS));
    expect(hex(status(packet({ ...v4, proto: 6 }).bytes))).toBe(hex(DONE | IPCS | TCPCS));
    expect(hex(status(packet({ ...v4, options: 8 }).bytes))).toBe(hex(DONE | IPCS | TCPCS | UDPCS));
    expect(hex(status(packet(v6).bytes))).toBe(hex(DONE | TCPCS | UDPCS));
    expect(hex(status(packet({ ...v6, proto: 6 }).bytes))).toBe(hex(DONE | TCPCS));
    expect(hex(status(packet({ ...v4, vlan: true }).bytes))).toBe(hex(DONE | IPCS | TCPCS | UDPCS));
  });

  test('bad ones: IPE and TCPE', () => {
    const p = packet(v4);
    expect(hex(status(flip(p, p.ip + 8)) >>> 0)).toBe(hex(DONE | IPCS | TCPCS | UDPCS | IPE));
    expect(hex(status(flip(p, p.l4 + 20)))).toBe(hex(DONE | IPCS | TCPCS | UDPCS | TCPE));
    const q = packet(v6);
    expect(hex(status(flip(q, q.ip + 12)))).toBe(hex(DONE | TCPCS | UDPCS | TCPE));
  });

  test('no transport check: fragments, UDP without checksum, other protocols, lengths that lie', () => {
    expect(hex(status(packet({ ...v4, fragment: 0x2000 }).bytes))).toBe(hex(DONE | IPCS));
    expect(hex(status(packet({ ...v4, fragment: 0x0010 }).bytes))).toBe(hex(DONE | IPCS));
    expect(hex(status(packet({ ...v4, noUdpChecksum: true }).bytes))).toBe(hex(DONE | IPCS));
    expect(hex(status(frameTo(MAC, 100)))).toBe(hex(DONE));
    const long = packet(v4);
    long.bytes[long.l4 + 4] = 0xff;
    expect(hex(status(long.bytes))).toBe(hex(DONE | IPCS));
    const bogus = frameTo(MAC, 60, 0x0800);
    expect(hex(status(bogus))).toBe(hex(DONE));
  });

  test('RXCSUM and RFCTL switch the checks off; with both off IXSM says so', () => {
    const bytes = packet(v4).bytes;
    expect(hex(status(bytes, 0x2100))).toBe(hex(DONE | IPCS));
    expect(hex(status(bytes, 0x2200))).toBe(hex(DONE | TCPCS | UDPCS));
    expect(hex(status(bytes, 0x2000))).toBe(hex(DONE | 4));
    expect(hex(status(packet(v6).bytes, 0x2300, 1 << 11))).toBe(hex(DONE));
    expect(hex(status(packet(v6).bytes, 0x2300, 1 << 10))).toBe(hex(DONE));
  });

  test('the legacy error byte and the IPv4 identification of the extended format', () => {
    const p = packet(v4);
    const b = new Bench();
    b.write(REG.RXCSUM, 0x300);
    b.setupRx(8, RCTL_SECRC);
    b.inject(flip(p, p.l4 + 20));
    b.run();
    expect(hex(b.rxWords(0)[3])).toBe('00002073');
    b.write(REG.RFCTL, RFCTL_EXTEN);
    b.inject(p.bytes);
    b.run();
    expect(hex(b.rxWords(1)[1])).toBe('00001234');
  });

  test('any packet is good as made, and bad in the right place after one flipped bit', () => {
    const spec = fc.record({
      version: fc.constantFrom<4 | 6>(4, 6),
      proto: fc.constantFrom<6 | 17>(6, 17),
      payload: fc.integer({ min: 18, max: 300 }),
      options: fc.constantFrom(0, 4, 40),
      vlan: fc.boolean(),
    });
    fc.assert(
      fc.property(spec, fc.nat(), fc.nat(7), (s, where, bit) => {
        const p = packet(s);
        const l4bits = s.proto === 17 ? TCPCS | UDPCS : TCPCS;
        const good = DONE | l4bits | (s.version === 4 ? IPCS : 0);
        expect(hex(status(p.bytes))).toBe(hex(good));
        // A byte of the payload: neither length nor protocol changes.
        const from = p.l4 + (s.proto === 6 ? 20 : 8);
        p.bytes[from + (where % (p.bytes.length - from))] ^= 1 << bit;
        expect(hex(status(p.bytes))).toBe(hex(good | TCPE));
      }),
      { numRuns: runs(60) },
    );
  });
});
