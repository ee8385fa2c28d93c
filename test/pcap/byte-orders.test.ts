import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PcapError, PcapngWriter, readCapture, relativeNs, timestamp } from '../../src/pcap/index.js';
import { runs } from '../support/fc.js';

/** Builds files field by field in either byte order, independently of the writers. */
class Builder {
  readonly little: boolean;
  bytes: number[] = [];
  constructor(little: boolean) {
    this.little = little;
  }
  number(value: number | bigint, size: number): this {
    const digits: number[] = [];
    for (let i = 0n; i < BigInt(size); i++) digits.push(Number((BigInt.asUintN(64, BigInt(value)) >> (8n * i)) & 255n));
    this.bytes.push(...(this.little ? digits : digits.reverse()));
    return this;
  }
  raw(...values: number[]): this {
    this.bytes.push(...values);
    while (this.bytes.length % 4 !== 0) this.bytes.push(0);
    return this;
  }
  option(code: number, ...values: number[]): this {
    return this.number(code, 2)
      .number(values.length, 2)
      .raw(...values);
  }
  block(type: number, body: (inner: Builder) => void): this {
    const inner = new Builder(this.little);
    body(inner);
    const length = inner.bytes.length + 12;
    this.number(type, 4).number(length, 4);
    this.bytes.push(...inner.bytes);
    return this.number(length, 4);
  }
  section(): this {
    return this.block(0x0a0d0d0a, (b) => b.number(0x1a2b3c4d, 4).number(1, 2).number(0, 2).number(-1n, 8));
  }
  interface(resolution?: number, offset?: bigint): this {
    return this.block(1, (b) => {
      b.number(1, 2).number(0, 2).number(0, 4);
      if (resolution !== undefined) b.option(9, resolution);
      if (offset !== undefined) b.number(14, 2).number(8, 2).number(offset, 8);
      b.number(0, 4);
    });
  }
  enhanced(id: number, stamp: bigint, data: number[]): this {
    return this.block(6, (b) => {
      b.number(id, 4)
        .number(stamp >> 32n, 4)
        .number(stamp & 0xffffffffn, 4);
      b.number(data.length, 4)
        .number(data.length, 4)
        .raw(...data);
    });
  }
  file(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

function codeOf(file: Uint8Array): string {
  try {
    readCapture(file);
  } catch (error) {
    if (error instanceof PcapError) return error.code;
    throw error;
  }
  return 'read';
}

describe.each([true, false])('a file in little-endian order: %s', (little) => {
  it.each([
    [0xa1b2c3d4, 1000],
    [0xa1b23c4d, 1],
  ])('with pcap magic %d reads its fractions in that unit', (magic, unit) => {
    const b = new Builder(little).number(magic, 4).number(2, 2).number(4, 2).number(0, 8).number(96, 4);
    // Link type 1 with the FCS length field: 2 times 16 bits.
    b.number(0x24000001, 4).number(0xfffffffe, 4).number(999_999, 4).number(3, 4).number(60, 4);
    b.bytes.push(7, 8, 9);
    const { interfaces, packets } = readCapture(b.file());
    expect(interfaces).toEqual([{ linkType: 1, snapLength: 96, fcsLength: 4 }]);
    expect(packets).toEqual([
      {
        interface: 0,
        seconds: 0xfffffffe,
        nanoseconds: 999_999 * unit,
        data: Uint8Array.of(7, 8, 9),
        originalLength: 60,
      },
    ]);
  });

  it('with pcapng sections numbers interfaces through and converts each resolution', () => {
    const b = new Builder(little).section().interface().interface(0x8a, 100n);
    b.enhanced(0, 3_000_001n, [1]).enhanced(1, 1024n * 5n + 512n, [2, 3]);
    const other = new Builder(!little).section().interface(12).enhanced(0, 4_000_000_007_999n, [4, 5, 6]);
    other.interface(0).enhanced(1, 9n, []);
    const file = Uint8Array.from([...b.bytes, ...other.bytes]);
    const { interfaces, packets } = readCapture(file);
    expect(interfaces.length).toBe(4);
    expect(packets.map((p) => [p.interface, p.seconds, p.nanoseconds, [...p.data]])).toEqual([
      [0, 3, 1000, [1]],
      [1, 105, 500_000_000, [2, 3]],
      [2, 4, 7, [4, 5, 6]],
      [3, 9, 0, []],
    ]);
  });

  it('with simple, old and unknown blocks reads the packets and passes over the rest', () => {
    const b = new Builder(little).section();
    b.block(1, (i) => i.number(1, 2).number(0, 2).number(4, 4));
    b.block(0x00000bad, (x) => x.number(1, 4)).block(5, (x) => x.number(0, 4).number(0, 8));
    b.block(3, (s) => s.number(9, 4).raw(1, 2, 3, 4));
    b.block(2, (o) =>
      o.number(0, 2).number(77, 2).number(0, 4).number(2_000_000, 4).number(2, 4).number(2, 4).raw(5, 6),
    );
    const { packets } = readCapture(b.file());
    expect(packets).toEqual([
      { interface: 0, seconds: 0, nanoseconds: 0, data: Uint8Array.of(1, 2, 3, 4), originalLength: 9 },
      { interface: 0, seconds: 2, nanoseconds: 0, data: Uint8Array.of(5, 6), originalLength: 2 },
    ]);
  });

  it.each<[string, (b: Builder) => void, string]>([
    ['an undescribed interface', (b) => b.section().interface().enhanced(1, 0n, []), 'PCAP_INTERFACE'],
    [
      'an interface of the section before',
      (b) => b.section().interface().section().enhanced(0, 0n, []),
      'PCAP_INTERFACE',
    ],
    ['a length that is no multiple of 4', (b) => b.section().number(1, 4).number(13, 4).number(0, 4), 'PCAP_BLOCK'],
    ['two lengths that differ', (b) => b.section().number(9, 4).number(12, 4).number(16, 4), 'PCAP_BLOCK'],
    ['a block that is cut', (b) => b.section().number(9, 4).number(64, 4).number(64, 4), 'PCAP_TRUNCATED'],
    [
      'a packet longer than its block',
      (b) =>
        b
          .section()
          .interface()
          .block(6, (p) => p.number(0, 12).number(5, 4).number(5, 4).raw(1)),
      'PCAP_BLOCK',
    ],
    [
      'an option longer than its block',
      (b) => b.section().block(1, (i) => i.number(1, 8).number(2, 2).number(5, 2).raw(1)),
      'PCAP_OPTION',
    ],
    ['a resolution of two bytes', (b) => b.section().block(1, (i) => i.number(1, 8).option(9, 6, 6)), 'PCAP_OPTION'],
    ['a short interface description', (b) => b.section().block(1, (i) => i.number(1, 4)), 'PCAP_BLOCK'],
    [
      'major version 2',
      (b) => b.block(0x0a0d0d0a, (s) => s.number(0x1a2b3c4d, 4).number(2, 2).number(0, 10)),
      'PCAP_VERSION',
    ],
    [
      'a bad byte-order magic',
      (b) => b.block(0x0a0d0d0a, (s) => s.number(0x11223344, 4).number(0, 12)),
      'PCAP_NOT_A_CAPTURE',
    ],
    ['a time before 1970', (b) => b.section().interface(6, -5n).enhanced(0, 1n, []), 'PCAP_TIME'],
  ])('with %s is refused', (_name, build, code) => {
    const b = new Builder(little);
    build(b);
    expect(codeOf(b.file())).toBe(code);
  });
});

describe('a damaged capture', () => {
  const writer = new PcapngWriter({ application: 'test' });
  writer.addInterface({ name: 'a' });
  writer.addInterface({ name: 'b' });
  for (let i = 0; i < 4; i++) {
    writer.packet({
      interface: i & 1,
      ...timestamp(i),
      data: new Uint8Array(i),
      comments: [`${i}`],
      direction: 'inbound',
    });
  }
  const sound = writer.take();

  it('cut at any byte is a PcapError or ends at a block', () => {
    const whole = readCapture(sound).packets.length;
    let reads = 0;
    for (let end = 0; end < sound.length; end++) {
      const code = codeOf(sound.subarray(0, end));
      if (code !== 'read') continue;
      reads++;
      expect(readCapture(sound.subarray(0, end)).packets.length).toBeLessThan(whole);
    }
    // Section header, two interfaces, three packets: the only places where a prefix is a whole file.
    expect(reads).toBe(6);
  });

  it('with bytes changed reads or throws a PcapError, nothing else', () => {
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const file = sound.slice();
        for (const [at, value] of changes) file[at] = value;
        expect(typeof codeOf(file)).toBe('string');
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('times', () => {
  it('of a packet relative to another are exact ns', () => {
    const day = { seconds: 1_700_086_400, nanoseconds: 1 };
    expect(relativeNs(day, { seconds: 1_700_000_000, nanoseconds: 2 })).toBe(86_399_999_999_999);
    expect(timestamp(86_399_999_999_999)).toEqual({ seconds: 86_399, nanoseconds: 999_999_999 });
  });
});
