import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Capture,
  directionOf,
  PcapError,
  PcapngWriter,
  PcapWriter,
  readCapture,
  relativeNs,
  timestamp,
} from '../../src/pcap/index.js';
import { runs } from '../support/fc.js';

const FIXTURE = new Uint8Array(readFileSync(new URL('../fixtures/linux-mixed.pcap', import.meta.url)));

/** Walks a little-endian classic file by its length fields only. */
function countRecords(file: Uint8Array): { count: number; bytes: number; firstUs: bigint; lastUs: bigint } {
  const us = (at: number) => BigInt(word(file, at)) * 1_000_000n + BigInt(word(file, at + 4));
  let count = 0;
  let bytes = 0;
  let last = 24;
  for (let at = 24; at < file.length; at += 16 + word(file, at + 8)) {
    count++;
    bytes += word(file, at + 8);
    last = at;
  }
  return { count, bytes, firstUs: us(24), lastUs: us(last) };
}

function word(file: Uint8Array, at: number): number {
  return file[at] + file[at + 1] * 256 + file[at + 2] * 65536 + file[at + 3] * 16777216;
}

function failure(file: Uint8Array): PcapError {
  try {
    readCapture(file);
  } catch (error) {
    if (error instanceof PcapError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

describe('the bundled capture', () => {
  it('read gives what an independent walk of its length fields gives', () => {
    const walk = countRecords(FIXTURE);
    const capture = readCapture(FIXTURE);
    expect(capture.format).toBe('pcap');
    expect(capture.interfaces).toEqual([{ linkType: 1, snapLength: 262144 }]);
    expect(capture.packets.length).toBe(walk.count);
    expect(capture.packets.length).toBe(532);
    expect(capture.packets.reduce((sum, p) => sum + p.data.length, 0)).toBe(walk.bytes);
    expect(capture.packets[0].data.length).toBe(90);
    expect([...capture.packets[0].data.subarray(0, 6)]).toEqual([0x33, 0x33, 0, 0, 0, 0x16]);
    const last = capture.packets[capture.packets.length - 1];
    expect(BigInt(relativeNs(last, capture.packets[0]))).toBe((walk.lastUs - walk.firstUs) * 1000n);
  });

  it('cut anywhere inside a record is refused with the offset of that record', () => {
    for (const end of [25, 39, 40, 129, FIXTURE.length - 1]) {
      const error = failure(FIXTURE.subarray(0, end));
      expect(error.code).toBe('PCAP_TRUNCATED');
      expect(error.message).toMatch(/^truncated capture: packet \d+ lacks .* \(at byte offset \d+\)$/);
      expect(error.offset).toBeGreaterThanOrEqual(24);
      expect(error.offset).toBeLessThan(end);
    }
  });

  it('written as pcapng and as pcap reads back with the same packets', () => {
    const capture = readCapture(FIXTURE);
    const ng = new PcapngWriter();
    ng.addInterface(capture.interfaces[0]);
    const classic = new PcapWriter();
    for (const packet of capture.packets) {
      ng.packet(packet);
      classic.packet(packet);
    }
    expect(readCapture(ng.take()).packets).toEqual(capture.packets);
    expect(readCapture(classic.take()).packets).toEqual(capture.packets);
  });
});

describe('a file that is no capture', () => {
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['empty', new Uint8Array(0), 'PCAP_NOT_A_CAPTURE', /empty/],
    ['of three bytes', Uint8Array.of(1, 2, 3), 'PCAP_NOT_A_CAPTURE', /only 3 bytes/],
    ['of text', new TextEncoder().encode('# a README file\n'), 'PCAP_NOT_A_CAPTURE', /starts with 0x23206120/],
    ['compressed', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0), 'PCAP_NOT_A_CAPTURE', /gzip/],
    ['with a header alone, cut', FIXTURE.subarray(0, 20), 'PCAP_TRUNCATED', /24 bytes/],
  ];
  it.each(cases)('%s is refused in one line', (_name, file, code, message) => {
    const error = failure(file);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/at byte offset \d+\)$/);
    expect(error.message).not.toContain('\n');
  });

  it('of another pcap version is refused', () => {
    const file = FIXTURE.slice();
    file[4] = 3;
    expect(failure(file)).toMatchObject({ code: 'PCAP_VERSION', offset: 4 });
  });

  it('with a microsecond field of a million is refused', () => {
    const file = FIXTURE.slice();
    new DataView(file.buffer).setUint32(28, 1_000_000, true);
    expect(failure(file)).toMatchObject({ code: 'PCAP_TIME', offset: 28 });
  });
});

const texts = fc.string({ maxLength: 20, unit: 'grapheme' });
const bytesArb = fc.uint8Array({ maxLength: 70 });
const packetArb = (interfaces: number) =>
  fc.record(
    {
      interface: fc.nat(interfaces - 1),
      seconds: fc.nat(0xffffffff),
      nanoseconds: fc.nat(999_999_999),
      data: bytesArb,
      originalLength: fc.nat(0xffffffff),
      comments: fc.array(texts, { minLength: 1, maxLength: 3 }),
      flags: fc.nat(0xffffffff),
    },
    { requiredKeys: ['interface', 'seconds', 'nanoseconds', 'data', 'originalLength'] },
  );
const interfaceArb = fc.record(
  { linkType: fc.nat(0xffff), snapLength: fc.nat(0xffffffff), name: texts, description: texts, fcsLength: fc.nat(255) },
  { requiredKeys: ['linkType', 'snapLength'] },
);
const captureArb: fc.Arbitrary<Capture> = fc
  .array(interfaceArb, { minLength: 1, maxLength: 4 })
  .chain((interfaces) =>
    fc
      .array(packetArb(interfaces.length), { maxLength: 8 })
      .map((packets) => ({ format: 'pcapng' as const, interfaces, packets })),
  );

function write(capture: Capture): Uint8Array {
  const writer = new PcapngWriter();
  for (const one of capture.interfaces) writer.addInterface(one);
  for (const packet of capture.packets) writer.packet(packet);
  return writer.take();
}

describe('a writer', () => {
  it('of pcapng is undone by the reader', () => {
    fc.assert(
      fc.property(captureArb, (capture) => {
        const file = write(capture);
        expect(readCapture(file)).toEqual(capture);
        expect(write(capture)).toEqual(file);
      }),
      { numRuns: runs(200) },
    );
  });

  it('of pcap is undone by the reader', () => {
    const plain = fc.record({
      interface: fc.constant(0),
      seconds: fc.nat(0xffffffff),
      nanoseconds: fc.nat(999_999_999),
      data: bytesArb,
      originalLength: fc.nat(0xffffffff),
    });
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), fc.nat(0xffff), (packets, linkType) => {
        const writer = new PcapWriter({ linkType, snapLength: 65535 });
        for (const packet of packets) writer.packet(packet);
        expect(readCapture(writer.take())).toEqual({
          format: 'pcap',
          interfaces: [{ linkType, snapLength: 65535 }],
          packets,
        });
      }),
      { numRuns: runs(100) },
    );
  });

  it('of pcapng taken from in pieces gives the same bytes', () => {
    fc.assert(
      fc.property(captureArb, (capture) => {
        const writer = new PcapngWriter();
        for (const one of capture.interfaces) writer.addInterface(one);
        const pieces = capture.packets.map((packet) => {
          writer.packet(packet);
          return writer.take();
        });
        pieces.push(writer.take());
        expect(pieces.flatMap((piece) => [...piece])).toEqual([...write(capture)]);
      }),
      { numRuns: runs(50) },
    );
  });

  it('of pcapng writes the direction into the flags', () => {
    const writer = new PcapngWriter({ application: 'x' });
    writer.addInterface({ name: 'wire' });
    const packet = { ...timestamp(1_500_000_001), data: new Uint8Array(3) };
    writer.packet({ ...packet, direction: 'inbound' });
    writer.packet({ ...packet, direction: 'outbound', flags: 0x80000000 });
    writer.packet(packet);
    const { packets } = readCapture(writer.take());
    expect(packets.map(directionOf)).toEqual(['inbound', 'outbound', undefined]);
    expect(packets[1].flags).toBe(0x80000002);
    expect(packets[0]).toMatchObject({ seconds: 1, nanoseconds: 500_000_001, originalLength: 3 });
  });

  it('given what its format cannot hold refuses', () => {
    const packet = { seconds: 0, nanoseconds: 0, data: new Uint8Array(1) };
    const ng = new PcapngWriter();
    expect(() => ng.packet(packet)).toThrow(/addInterface/);
    ng.addInterface();
    expect(() => ng.packet({ ...packet, interface: 1 })).toThrow(PcapError);
    expect(() => ng.packet({ ...packet, nanoseconds: 1e9 })).toThrow(/nanoseconds/);
    expect(() => ng.packet({ ...packet, seconds: 1.5 })).toThrow(/seconds/);
    expect(() => ng.packet({ ...packet, comments: ['x'.repeat(70_000)] })).toThrow(/option/);
    const classic = new PcapWriter();
    expect(() => classic.packet({ ...packet, seconds: 2 ** 32 })).toThrow(/seconds/);
    expect(() => classic.packet({ ...packet, comments: ['a'] })).toThrow(/comments/);
    expect(() => classic.packet({ ...packet, direction: 'inbound' })).toThrow(/flags/);
  });
});
