import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../support/fc.js';
import { DATA_REG, PCSD, SecondRing } from './data-path.js';
import { Bench, frameTo, hex, MAC, RCTL_SECRC, REG, RFCTL_EXTEN } from './support.js';

/** The key of Microsoft's "Verifying the RSS Hash Calculation". */
const KEY = '6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa';
const ALL = 0x003f0001;

/** Destination, its port, source, its port, hash of the addresses, hash with the ports: of the same page. */
const V4: [string, number, string, number, string, string][] = [
  ['161.142.100.80', 1766, '66.9.149.187', 2794, '323e8fc2', '51ccc178'],
  ['65.69.140.83', 4739, '199.92.111.2', 14230, 'd718262a', 'c626b0ea'],
  ['12.22.207.184', 38024, '24.19.198.95', 12898, 'd2d0a5de', '5c2b394a'],
  ['209.142.163.6', 2217, '38.27.205.30', 48228, '82989176', 'afc7327f'],
  ['202.188.127.2', 1303, '153.39.163.191', 44251, '5d1809c5', '10e828a2'],
];
const V6: [string, number, string, number, string, string][] = [
  ['3ffe:2501:200:3::1', 1766, '3ffe:2501:200:1fff::7', 2794, '2cc18cd5', '40207d3d'],
  ['ff02::1', 4739, '3ffe:501:8::260:97ff:fe40:efab', 14230, '0f0c461c', 'dde51bbf'],
  ['fe80::200:f8ff:fe21:67cf', 38024, '3ffe:1900:4545:3:200:f8ff:fe21:67cf', 44251, '4b61e985', '02d1feef'],
];

function ip4(text: string): number[] {
  return text.split('.').map(Number);
}

function ip6(text: string): number[] {
  const [head, tail = ''] = text.split('::');
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((w) => Number.parseInt(w, 16)));
  const front = words(head);
  const back = words(tail);
  const gap = new Array(8 - front.length - back.length).fill(0);
  return [...front, ...gap, ...back].flatMap((w) => [w >>> 8, w & 0xff]);
}

function tcp(source: number, destination: number, flags = 0x10): number[] {
  const ports = [source >>> 8, source & 0xff, destination >>> 8, destination & 0xff];
  return [...ports, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0];
}

function frame(type: number, packet: readonly number[]): Uint8Array {
  const bytes = frameTo(MAC, Math.max(60, 14 + packet.length), type);
  bytes.fill(0, 14);
  bytes.set(packet, 14);
  return bytes;
}

function v4Frame(
  source: readonly number[],
  destination: readonly number[],
  proto: number,
  l4: readonly number[],
): Uint8Array {
  const total = 20 + l4.length;
  return frame(0x0800, [
    0x45,
    0,
    total >>> 8,
    total & 0xff,
    0,
    0,
    0,
    0,
    64,
    proto,
    0,
    0,
    ...source,
    ...destination,
    ...l4,
  ]);
}

function v6Frame(
  source: readonly number[],
  destination: readonly number[],
  next: number,
  rest: readonly number[],
): Uint8Array {
  const n = rest.length;
  return frame(0x86dd, [0x60, 0, 0, 0, n >>> 8, n & 0xff, next, 64, ...source, ...destination, ...rest]);
}

interface Found {
  hash: string;
  type: number;
  queue: number;
}

function rssBench(mrqc: number, key: readonly number[], rfctl = 0): Bench {
  const b = new Bench({ checked: false });
  b.write(REG.RFCTL, RFCTL_EXTEN | rfctl);
  b.write(REG.RXCSUM, 0x300 | PCSD);
  for (let i = 0; i < 10; i++) {
    b.write(
      DATA_REG.RSSRK + 4 * i,
      key[4 * i] | (key[4 * i + 1] << 8) | (key[4 * i + 2] << 16) | (key[4 * i + 3] << 24),
    );
  }
  b.write(DATA_REG.MRQC, mrqc);
  b.setupRx(8, RCTL_SECRC);
  return b;
}

const keyBytes = (text: string): number[] => (text.match(/../g) ?? []).map((x) => Number.parseInt(x, 16));
const MS_KEY = keyBytes(KEY);

/** What the descriptor of a frame says. */
function found(bytes: Uint8Array, mrqc = ALL, rfctl = 0): Found {
  const b = rssBench(mrqc, MS_KEY, rfctl);
  b.inject(bytes);
  b.run();
  const words = b.rxWords(0);
  expect(words[2] & 3).toBe(3);
  return { hash: hex(words[1]), type: words[0] & 15, queue: (words[0] >>> 8) & 31 };
}

/** The hash by its definition on a string of bits. */
function slowHash(input: readonly number[], key: readonly number[]): number {
  const bits = (bytes: readonly number[]): number[] =>
    bytes.flatMap((x) => [7, 6, 5, 4, 3, 2, 1, 0].map((k) => (x >> k) & 1));
  const k = bits(key);
  let result = 0n;
  bits(input).forEach((bit, at) => {
    if (bit === 1) result ^= BigInt(`0b${k.slice(at, at + 32).join('')}`);
  });
  return Number(result);
}

const TCP_V4 = 1 << 16;
const IPV4 = 1 << 17;
const TCP_V6_EX = 1 << 18;
const V6_EX = 1 << 19;
const IPV6 = 1 << 20;
const TCP_V6 = 1 << 21;

describe('the hash', () => {
  test.each(V4)('Microsoft %s:%i from %s:%i', (to, toPort, from, fromPort, addresses, ports) => {
    const bytes = v4Frame(ip4(from), ip4(to), 6, tcp(fromPort, toPort));
    expect(found(bytes, 1 | IPV4)).toEqual({ hash: addresses, type: 2, queue: 0 });
    expect(found(bytes)).toEqual({ hash: ports, type: 1, queue: 0 });
  });

  test.each(V6)('Microsoft %s port %i from %s port %i', (to, toPort, from, fromPort, addresses, ports) => {
    const bytes = v6Frame(ip6(from), ip6(to), 6, tcp(fromPort, toPort));
    expect(found(bytes, 1 | IPV6)).toEqual({ hash: addresses, type: 5, queue: 0 });
    expect(found(bytes, 1 | V6_EX)).toEqual({ hash: addresses, type: 4, queue: 0 });
    expect(found(bytes, 1 | TCP_V6)).toEqual({ hash: ports, type: 3, queue: 0 });
    expect(found(bytes)).toEqual({ hash: ports, type: 3, queue: 0 });
  });

  test('any key and addresses: the hash of the definition, and the queue of the table entry its low bits name', () => {
    const byte = fc.nat(255);
    const bytesOf = (n: number) => fc.array(byte, { minLength: n, maxLength: n });
    const any = fc.record({
      key: bytesOf(40),
      source: bytesOf(16),
      destination: bytesOf(16),
      reta: bytesOf(128),
      six: fc.boolean(),
    });
    fc.assert(
      fc.property(any, ({ key, source, destination, reta, six }) => {
        const b = rssBench(ALL, key);
        const other = SecondRing.receive(b, 8);
        for (let i = 0; i < 32; i++) {
          b.write(
            DATA_REG.RETA + 4 * i,
            reta[4 * i] | (reta[4 * i + 1] << 8) | (reta[4 * i + 2] << 16) | (reta[4 * i + 3] << 24),
          );
        }
        const from = six ? source : source.slice(0, 4);
        const to = six ? destination : destination.slice(0, 4);
        b.inject(six ? v6Frame(from, to, 6, tcp(1000, 2000)) : v4Frame(from, to, 6, tcp(1000, 2000)));
        b.run();
        const wanted = slowHash([...from, ...to, 1000 >>> 8, 1000 & 0xff, 2000 >>> 8, 2000 & 0xff], key);
        const queue = reta[wanted & 127] >>> 7;
        const words = queue === 0 ? b.rxWords(0) : other.words(0);
        expect(words[1] >>> 0).toBe(wanted);
        expect(words[0]).toBe((six ? 3 : 1) | (queue << 8));
        expect(words[2] & 3).toBe(3);
        expect(b.nic.rx.delivered[0]).toBe(1);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('what is hashed', () => {
  const four = ip4('66.9.149.187');
  const six = ip6('3ffe:2501:200:1fff::7');
  const udp = [1, 2, 3, 4, 0, 8, 0, 0];
  const none = { hash: '00000000', type: 0, queue: 0 };

  test('UDP and fragments by their addresses only, other frames not at all', () => {
    expect(found(v4Frame(four, four, 17, udp)).type).toBe(2);
    const fragment = v4Frame(four, four, 6, tcp(1, 2));
    fragment[20] = 0x20;
    expect(found(fragment).type).toBe(2);
    expect(found(fragment, 1 | TCP_V4)).toEqual(none);
    expect(found(v6Frame(six, six, 17, udp)).type).toBe(4);
    expect(found(frameTo(MAC, 60))).toEqual(none);
    expect(found(frameTo(MAC, 60, 0x0800))).toEqual(none);
  });

  test('behind a VLAN tag too', () => {
    const [to, toPort, from, fromPort, , ports] = V4[0];
    const plain = v4Frame(ip4(from), ip4(to), 6, tcp(fromPort, toPort));
    const bytes = new Uint8Array(plain.length + 4);
    bytes.set(plain.subarray(0, 12));
    bytes.set([0x81, 0, 0, 5], 12);
    bytes.set(plain.subarray(12), 16);
    expect(found(bytes).hash).toBe(ports);
  });

  test('home addresses of mobile IPv6 in the Ex types, and what RFCTL takes out of them', () => {
    const home = ip6('2001:db8::77');
    const option = [201, 16, ...home];
    // Destination options with padding up to 24 bytes, then routing type 2, then TCP.
    const destinationOptions = [43, 2, 1, 2, 0, 0, ...option];
    const routing = [6, 2, 2, 1, 0, 0, 0, 0, ...home];
    const bytes = v6Frame(six, six, 60, [...destinationOptions, ...routing, ...tcp(7, 9)]);
    const ports = [0, 7, 0, 9];
    const text = (input: readonly number[]): string => hex(slowHash(input, MS_KEY));
    expect(found(bytes, 1 | TCP_V6_EX)).toEqual({ hash: text([...home, ...home, ...ports]), type: 3, queue: 0 });
    expect(found(bytes, 1 | TCP_V6)).toEqual({ hash: text([...six, ...six, ...ports]), type: 3, queue: 0 });
    expect(found(bytes, 1 | V6_EX)).toEqual({ hash: text([...home, ...home]), type: 4, queue: 0 });
    expect(found(bytes, 1 | IPV6)).toEqual({ hash: text([...six, ...six]), type: 5, queue: 0 });
    const IPV6_EX_DIS = 1 << 16;
    const NEW_IPV6_EXT_DIS = 1 << 17;
    for (const rfctl of [IPV6_EX_DIS, NEW_IPV6_EXT_DIS]) {
      expect(found(bytes, ALL, rfctl)).toEqual({ hash: text([...six, ...six]), type: 5, queue: 0 });
    }
  });

  test('switched off in MRQC, without PCSD, or in legacy descriptors: no hash, queue 0', () => {
    const bytes = v4Frame(four, four, 6, tcp(1, 2));
    expect(found(bytes, ALL & ~1)).toEqual(none);
    const b = rssBench(ALL, MS_KEY);
    b.write(REG.RXCSUM, 0x300);
    b.inject(bytes);
    b.write(REG.RXCSUM, 0x300 | PCSD);
    b.write(REG.RFCTL, 0);
    b.write(DATA_REG.RETA, -1);
    b.inject(bytes);
    b.run();
    expect([...b.rxWords(0)].slice(0, 2)).toEqual([0, 0]);
    expect(b.rxWords(1)[0]).toBe(b.rxBuffers[1]);
  });
});

describe('two receive queues', () => {
  /** All entries of the table name queue 1. */
  function toSecond(b: Bench): void {
    for (let i = 0; i < 32; i++) b.write(DATA_REG.RETA + 4 * i, 0x80808080);
  }
  const bytes = v4Frame([10, 0, 0, 1], [10, 0, 0, 2], 6, tcp(1, 2));

  test('the second ring wraps, the first keeps what has no hash', () => {
    const b = rssBench(ALL, MS_KEY);
    toSecond(b);
    const ring = SecondRing.receive(b, 8);
    for (let i = 0; i < 50; i++) {
      bytes[50] = i;
      b.inject(bytes);
      b.inject(frameTo(MAC, 60));
      b.run();
      const at = i % 8;
      expect(ring.data(at, 60)).toEqual(bytes);
      expect(b.rxData(at, 60)).toEqual(frameTo(MAC, 60));
      ring.put(at, ring.buffers[at], 0, 0, 0);
      b.armRx(at);
      b.write(DATA_REG.RDT1, at);
      b.write(REG.RDT, at);
      b.run();
    }
    expect(b.pool.live).toBe(0);
    expect(b.receiveBalance()).toBe(0);
  });

  test('a queue without descriptors holds up the FIFO: RNBC; its RDT lets it go', () => {
    const b = rssBench(ALL, MS_KEY);
    toSecond(b);
    const ring = SecondRing.receive(b, 8);
    b.write(DATA_REG.RDT1, 0);
    b.write(DATA_REG.RDH1, 0);
    b.inject(bytes);
    b.inject(frameTo(MAC, 60));
    b.run();
    expect(b.nic.receiveInFlight()).toBe(2);
    expect(b.read(REG.RNBC)).toBe(1);
    b.write(DATA_REG.RDT1, 3);
    b.run();
    expect(b.nic.receiveInFlight()).toBe(0);
    expect(ring.words(0)[2] & 3).toBe(3);
    expect(b.read(DATA_REG.RDH1)).toBe(1);
  });

  test('with MSI-X each queue has its own cause, delayed by RDTR as RXT0 is', () => {
    const b = rssBench(ALL, MS_KEY, 1 << 12);
    toSecond(b);
    SecondRing.receive(b, 8);
    b.nic.config.write(0xa2, 2, 0x8000);
    b.read(REG.ICR);
    const RXQ0 = 1 << 20;
    const RXQ1 = 1 << 21;
    b.inject(bytes);
    b.run();
    expect(b.read(REG.ICR)).toBe(RXQ1);
    b.inject(frameTo(MAC, 60));
    b.run();
    expect(b.read(REG.ICR)).toBe(RXQ0);
    b.write(REG.RDTR, 10);
    b.inject(bytes);
    b.inject(frameTo(MAC, 60));
    b.runTo(b.sim.now + 10 * 1024 - 1);
    expect(b.read(REG.ICR)).toBe(0);
    b.run();
    expect(b.read(REG.ICR)).toBe(RXQ0 | RXQ1);
  });

  test('RXDMT0 by the size and the free descriptors of each ring', () => {
    const b = rssBench(ALL, MS_KEY);
    toSecond(b);
    SecondRing.receive(b, 16);
    b.read(REG.ICR);
    for (let n = 15; n > 8; n--) {
      expect(b.read(REG.ICR) & 0x10).toBe(0);
      b.inject(bytes);
      b.run();
    }
    expect(b.read(REG.ICR) & 0x10).toBe(0x10);
  });
});
