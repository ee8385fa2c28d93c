import fc from 'fast-check';
import { LAYOUT } from '../../src/hw/nic/registers/table.js';
import { BAR0, BAR1, BAR3, FUZZ_MAC, type FuzzRig, HOST_BYTES, IO, PM, type Signalling } from './fuzz-rig.js';

/** How an address is wrong, or not. */
type AddressKind = 'buffer' | 'data' | 'null' | 'other' | 'edge' | 'device' | 'beyond' | 'negative' | 'high' | Place;
type Place = 'ring' | 'mmio' | 'msi';
const GOOD: AddressKind[] = ['buffer', 'data'];
const BAD: AddressKind[] = ['null', 'other', 'edge', 'device', 'beyond', 'negative', 'high', 'ring', 'mmio', 'msi'];

/** One stimulus, as data: it shrinks and replays. */
export type Action =
  | { t: 'write'; at: number; value: number }
  | { t: 'read'; at: number }
  | { t: 'raw'; bar: 0 | 1 | 3; at: number; value: number; write: boolean }
  | { t: 'io'; at: number; value: number; write: boolean }
  | { t: 'config'; at: number; size: 1 | 2 | 4; value: number }
  | { t: 'poke'; ring: number; index: number; word: number; value: number; address: AddressKind | null }
  | { t: 'ring'; ring: number; count: number; given: number }
  | { t: 'place'; ring: number; address: AddressKind; bytes: number; head: number; tail: number }
  | { t: 'give'; ring: number; count: number; address: AddressKind }
  | { t: 'send'; ring: number; kind: number; length: number; pieces: number; bits: number; address: AddressKind }
  | { t: 'frame'; kind: number; length: number; bad: boolean; count: number }
  | { t: 'start'; how: Signalling; words: number[]; values: number[] }
  | { t: 'time'; ns: number }
  | { t: 'link'; up: boolean }
  | { t: 'reset'; how: 'mac' | 'phy' | 'sleep' | 'wake' | 'hot' | 'function' }
  | { t: 'command'; value: number }
  | { t: 'mode'; how: Signalling }
  | { t: 'vector'; n: number; masked: boolean }
  | { t: 'service' }
  | { t: 'hold'; count: number };

const REGISTERS = [0x0000, 0x0018, 0x0020, 0x00c0, 0x00c4, 0x00c8, 0x00d0, 0x00d8, 0x00dc, 0x00e0, 0x00e4, 0x00e8];
const DATA_REGISTERS = [0x0100, 0x0400, 0x1000, 0x2160, 0x2168, 0x2170, 0x2820, 0x2828, 0x282c, 0x2c00, 0x2c08];
const MORE_REGISTERS = [0x3820, 0x3828, 0x382c, 0x3840, 0x5000, 0x5008, 0x5818, 0x5c00, 0x0030, 0x0170, 0x5800];
const RING_WORDS = [0x2800, 0x2804, 0x2808, 0x2810, 0x2818, 0x3800, 0x3804, 0x3808, 0x3810, 0x3818];
const LIKELY = [...REGISTERS, ...DATA_REGISTERS, ...MORE_REGISTERS, ...RING_WORDS, ...RING_WORDS.map((r) => r + 0x100)];

/** Registers that a driver sets as it likes, and what to. */
const SETTINGS: readonly (readonly [number, readonly number[]])[] = [
  [0x0100, [0x04008002, 0x0400801a, 0x0000802a, 0x0403802a, 0x0602802a, 0x0400843a, 0x0604801e, 0x0400805a]],
  [0x5008, [0, 0x8000, 0x9000, 0xb000, 0xc000, 0x3ffff, 0x8000, 0x9000]],
  [0x5000, [0x300, 0x2300, 0x0, 0x1300, 0x320e, 0x22, 0x100, 0x200]],
  [0x2170, [0x00040402, 0x01010104, 0x3f3f3f7f, 0x00000001, 0x00010000, 0x04040410, 0, 0x00000402]],
  [0x2828, [0x00010000, 0x01040420, 0x00040404, 0x01100808, 0x013f3f3f, 0x01020101, 0x00010000, 0x003f0000]],
  [0x3828, [0x00010000, 0x0141011f, 0x01080108, 0x02020202, 0x7f3f3f3f, 0x01050505, 0, 0x00020000]],
  [0x2820, [0, 0x20, 1, 100, 0, 0x80000020 | 0, 1000, 0]],
  [0x282c, [0, 0x20, 1, 150, 0, 10, 2000, 3]],
  [0x3820, [0, 8, 1, 100, 0, 0x80000008 | 0, 1000, 0]],
  [0x382c, [0, 32, 1, 150, 0, 10, 2000, 3]],
  [0x00c4, [0, 195, 200, 1, 1000, 20, 0xffff, 0]],
  [0x00e8, [0, 195, 200, 1, 1000, 20, 0xffff, 0]],
  [0x00dc, [0, 0x01500000, 0x01f00000, 0x00100000, 0x01000000, 0, 0x00f00000, 0]],
  [0x00e0, [0, 0x01f782df, 0x00500000, 0x80, 4, 0x01000000, -1, 0]],
  [0x0018, [0, 0x08000000, 0x01000000, 0x80000000 | 0, 0x89000000 | 0, 0x10000000, 0, 0]],
  [0x5818, [0, 0x00370001, 0x00030001, 0x00000001, 0x003f0001, 1, 2, 0]],
  [0x5c00, [0, 0x80008000 | 0, 0x80808080 | 0, 0x00800080, -1, 0x80, 0, 0]],
  [0x1000, [0x00140014, 0x00240004, 0x00010027, 0x00260002, 0x001e000a, 0x00140014, 0, -1]],
  [0x2c00, [0, 64, 128, 1514, 0xfff, 1, 60, 0]],
  [0x2c08, [0, 1, 20, 1000, 0, 0, 0xffff, 0]],
  [0x0000, [0x40140241, 0x08140241, 0x18140241, 0x00140241, 0x58140241, 0x00141a41, 0x00140245, 0x10140241]],
  [0x2168, [0, 0x800, 0x2000, 0x4000, 0x80001000 | 0, 8, 0xfff8, 0]],
  [0x0170, [0, 1, 10, 100, 0x680, 0xffff, 0, 0]],
];

/** Values: any word, small ones, single bits, ring lengths. */
const value: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.nat(255),
  fc.nat(31).map((bit) => 1 << bit),
  fc.constantFrom(0, -1, 0x80, 128, 1024, 0xfff80, 0xffff),
);
const known: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...LIKELY) },
  { weight: 1, arbitrary: fc.constantFrom(...LAYOUT.offset) },
);
const ring: fc.Arbitrary<number> = fc.constantFrom(0, 0, 0, 1, 2, 2, 2, 3);
const address: fc.Arbitrary<AddressKind> = fc.constantFrom(...GOOD, ...GOOD, ...GOOD, ...BAD);
const configAt: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0x04, 0x06, 0x10, 0x14, 0x18, 0x1c, 0x3c, 0xa2, 0xcc, 0xd2, 0xd4, 0xd8, 0xdc, 0xe8, 0x104, 0x108),
  fc.nat(0x15f),
  fc.nat(0xfff),
);
const size: fc.Arbitrary<1 | 2 | 4> = fc.constantFrom(1 as const, 2 as const, 4 as const);
const receive: fc.Arbitrary<number> = fc.constantFrom(0, 0, 0, 1);
const transmit: fc.Arbitrary<number> = fc.constantFrom(2, 2, 2, 3);

/** What a driver might do. */
const sane: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      t: fc.constant('send' as const),
      ring: transmit,
      kind: fc.nat(5),
      length: fc.oneof(fc.integer({ min: 1, max: 1514 }), fc.constantFrom(60, 1514, 4000, 9000)),
      pieces: fc.integer({ min: 1, max: 5 }),
      bits: fc.oneof(fc.constant(0x0b), fc.nat(255)),
      address: fc.oneof({ weight: 4, arbitrary: fc.constant('data' as const) }, { weight: 1, arbitrary: address }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      t: fc.constant('frame' as const),
      kind: fc.nat(9),
      length: fc.oneof(fc.integer({ min: 1, max: 1600 }), fc.constantFrom(13, 14, 59, 60, 1518, 1519, 9230, 16000)),
      bad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      count: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 2, max: 60 }) },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      t: fc.constant('start' as const),
      how: fc.constantFrom('intx' as const, 'msi' as const, 'msix' as const),
      words: fc.array(fc.oneof(fc.nat(SETTINGS.length - 1), fc.nat(2)), { maxLength: 6 }),
      values: fc.array(fc.nat(7), { minLength: 6, maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ t: fc.constant('service' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      t: fc.constant('give' as const),
      ring: receive,
      count: fc.nat(40),
      address: fc.oneof({ weight: 2, arbitrary: fc.constant('buffer' as const) }, { weight: 1, arbitrary: address }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ t: fc.constant('time' as const), ns: fc.oneof(fc.nat(2000), fc.nat(400_000)) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      t: fc.constant('ring' as const),
      ring,
      count: fc.constantFrom(8, 16, 32, 64, 128),
      given: fc.nat(127),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      t: fc.constant('mode' as const),
      how: fc.constantFrom('intx' as const, 'msi' as const, 'msix' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('vector' as const), n: fc.nat(4), masked: fc.boolean() }) },
);

/** Stimuli that come at one instant. */
const together: fc.Arbitrary<Action> = fc.record({
  t: fc.constant('hold' as const),
  count: fc.integer({ min: 1, max: 4 }),
});

/** What none should do, or what happens to it. */
const hostile: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ t: fc.constant('write' as const), at: known, value }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('read' as const), at: known }) },
  {
    weight: 1,
    arbitrary: fc.record({
      t: fc.constant('raw' as const),
      bar: fc.constantFrom(0 as const, 1 as const, 3 as const),
      at: fc.oneof(fc.nat(0x2100), fc.nat(0x1ffff)),
      value,
      write: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      t: fc.constant('io' as const),
      at: fc.nat(31),
      value: fc.oneof(known, value),
      write: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('config' as const), at: configAt, size, value }) },
  {
    weight: 4,
    arbitrary: fc.record({
      t: fc.constant('poke' as const),
      ring,
      index: fc.nat(31),
      word: fc.nat(3),
      value,
      address: fc.option(address, { nil: null }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      t: fc.constant('place' as const),
      ring,
      address,
      bytes: fc.constantFrom(0, 128, 256, 0x80, 384, 640, 4096, 0xfff80),
      head: fc.oneof(fc.nat(40), fc.constantFrom(0, 7, 8, 0xffff)),
      tail: fc.oneof(fc.nat(40), fc.constantFrom(0, 7, 8, 0xffff)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('link' as const), up: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      t: fc.constant('reset' as const),
      how: fc.constantFrom(...(['mac', 'mac', 'phy', 'sleep', 'wake', 'wake', 'hot', 'function'] as const)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ t: fc.constant('command' as const), value: fc.constantFrom(0, 2, 4, 6, 7, 0x406) }),
  },
);

/** A driver that now and then does something that it must not: programs of up to `most` stimuli. */
export function programs(most: number): fc.Arbitrary<Action[]> {
  const mixed = fc.oneof(
    { weight: 30, arbitrary: sane },
    { weight: 20, arbitrary: hostile },
    { weight: 8, arbitrary: together },
  );
  const begin: Action[] = [
    { t: 'ring', ring: 0, count: 32, given: 20 },
    { t: 'ring', ring: 2, count: 32, given: 0 },
    { t: 'write', at: 0x0100, value: 0x0400800a },
    { t: 'write', at: 0x0400, value: 0xa },
    { t: 'write', at: 0x00d0, value: 0x01f782df },
  ];
  const set = fc.constantFrom<Action[]>(begin, [...begin, { t: 'write', at: 0x5008, value: 0x9000 }], []);
  return fc.tuple(set, fc.array(mixed, { maxLength: most, size: 'max' })).map(([first, rest]) => [...first, ...rest]);
}

/** lo and hi of an address of this kind. */
function resolve(rig: FuzzRig, kind: AddressKind, pick: number): [number, number] {
  if (kind === 'buffer') return [rig.buffer(pick), 0];
  if (kind === 'data') return [rig.data((pick * 61) & 0x3fff), 0];
  if (kind === 'null') return [0, 0];
  if (kind === 'other') return [rig.other + ((pick * 97) & 0xffff), 0];
  if (kind === 'edge') return [rig.host + HOST_BYTES - 1 - (pick & 0x7f), 0];
  if (kind === 'device') return [(pick * 64) & 0xffff, 0];
  if (kind === 'beyond') return [0x7ff00000 + pick, 0];
  if (kind === 'negative') return [-1 - (pick & 0xff), -1];
  if (kind === 'high') return [rig.buffer(pick), 1 + (pick & 3)];
  if (kind === 'ring') return [rig.ring(pick & 3) + (pick & 0x1f0), 0];
  if (kind === 'mmio') return [BAR0 + (pick & 0xfffc), 0];
  return [0xfee00000 | 0, 0];
}

const TYPES = [0x88b5, 0x0800, 0x86dd, 0x8100, 0x8808, 0x88f7];

/** A frame of the wire: to us, to all, to a group or to somebody else, of several types, or PAUSE. */
export function wireFrame(kind: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 14; i < length; i++) bytes[i] = i * 13 + kind;
  const to = kind === 6 ? [255, 255, 255, 255, 255, 255] : kind === 7 ? [2, 0, 0, 0, 0, 9] : [...FUZZ_MAC];
  const address = kind === 4 || kind === 8 ? [1, 0x80, 0xc2, 0, 0, 1] : to;
  bytes.set(address.slice(0, length));
  const type = TYPES[kind % TYPES.length];
  const head = [
    type >>> 8,
    type & 0xff,
    ...(kind === 4 ? [0, 1, 0, 9] : kind === 1 ? [0x45, 0] : kind === 2 ? [0x60, 0] : []),
  ];
  if (length >= 12 + head.length) bytes.set(head, 12);
  return bytes;
}

const DEXT = 1 << 29;
const DATA_TYPE = DEXT | (1 << 20);

/** Puts a packet of several descriptors into a transmit ring and moves the tail. */
function send(rig: FuzzRig, a: Action & { t: 'send' }): void {
  const extended = a.kind !== 0;
  const tso = a.kind >= 4;
  if (a.kind >= 2) {
    const offsets = 34 | (50 << 8);
    const sizes = tso ? (54 << 8) | ((17 + (a.bits << 2)) << 16) : 0;
    const payload = a.length > 54 ? a.length - 54 : 0;
    rig.put(a.ring, 14 | (24 << 8) | (33 << 16), offsets, DEXT | (3 << 24) | payload, sizes);
  }
  const each = Math.ceil(a.length / a.pieces);
  for (let k = 0, left = a.length; k < a.pieces; k++, left -= each) {
    const [lo, hi] = resolve(rig, a.address, a.length + k);
    const n = Math.max(0, Math.min(left, each));
    // Some packets have no end, and some a type that does not exist.
    const last = k === a.pieces - 1 && a.length % 16 !== 3 && a.length % 32 !== 23;
    const type = a.length % 16 === 7 ? 1 << 21 : 0;
    let command = (a.bits & ~1) | (last ? 1 : 0);
    command = tso ? command | 4 : command & ~4;
    rig.put(
      a.ring,
      lo,
      hi,
      n | type | (extended ? DATA_TYPE : 0) | (((command & ~0x20) | (extended ? 0x20 : 0)) << 24),
      a.bits << 8,
    );
  }
  rig.kick(a.ring);
}

/** What an interrupt handler and a poll do: read ICR, look at the ring, give buffers back, enable again. */
function service(rig: FuzzRig): void {
  rig.read(0x00c0);
  for (const ring of [0, 1]) {
    if (rig.sizes[ring] === 0) continue;
    const head = rig.read(0x2810 + ring * 0x100);
    const next = (head + rig.sizes[ring] - 1) % rig.sizes[ring];
    for (let i = rig.tails[ring], n = 0; i !== next && n < 128; i = (i + 1) % rig.sizes[ring], n++)
      rig.giveBuffer(ring, i);
    rig.tails[ring] = next & 127;
    rig.kick(ring);
  }
  rig.write(0x00d0, 0x01f782df);
}

/** A driver starts: configuration space, reset, settings of its own, rings, and on. */
function start(rig: FuzzRig, a: Action & { t: 'start' }): void {
  rig.configure(a.how);
  rig.write(0x0000, 0x04140241);
  rig.setupRing(0, 64, a.values[3] * 8);
  rig.setupRing(1, 16, 15);
  rig.setupRing(2, 64, 0);
  rig.setupRing(3, 16, 0);
  for (const [at, words] of [
    [0x0028, 0x00c28001],
    [0x002c, 0x0100],
    [0x0030, 0x8808],
    [0x00e4, 0x000a0908],
    [0x0100, 0x0400801a],
    [0x0400, 0xa],
    [0x00d0, 0x01f782df],
  ]) {
    rig.write(at, words);
  }
  for (const [k, which] of a.words.entries()) {
    const [at, choices] = SETTINGS[which];
    if (at === 0) rig.flow = true;
    rig.write(at, choices[a.values[k]]);
  }
}

function reset(rig: FuzzRig, how: (Action & { t: 'reset' })['how']): void {
  if (how === 'mac') rig.write(0x0000, 0x04140241);
  else if (how === 'phy') rig.write(0x0000, 0x80140241 | 0);
  else if (how === 'sleep') rig.config(PM + 4, 2, 0x0103);
  else if (how === 'wake') rig.config(PM + 4, 2, 0);
  else if (how === 'hot') rig.rc.hotReset();
  else rig.rc.functionReset(rig.fn.bdf);
}

function place(rig: FuzzRig, a: Action & { t: 'place' }): void {
  const at = [0x2800, 0x2900, 0x3800, 0x3900][a.ring];
  const [lo, hi] = resolve(rig, a.address, a.head);
  rig.write(at, lo);
  rig.write(at + 4, hi);
  rig.write(at + 8, a.bytes);
  rig.write(at + 0x10, a.head);
  rig.write(at + 0x18, a.tail);
}

function poke(rig: FuzzRig, a: Action & { t: 'poke' }): void {
  const at = rig.ring(a.ring) + a.index * 16;
  if (a.address === null) rig.store(at + a.word * 4, a.value);
  else {
    const [lo, hi] = resolve(rig, a.address, a.index + a.word);
    rig.store(at, lo);
    rig.store(at + 4, hi);
  }
}

/** Carries out one stimulus; what is due at that instant is up to the caller. */
export function apply(rig: FuzzRig, a: Action): void {
  if (a.t === 'write') {
    if (a.at === 0 && (a.value & (1 << 28)) !== 0) rig.flow = true;
    rig.write(a.at, a.value);
  } else if (a.t === 'read') rig.read(a.at);
  else if (a.t === 'raw') raw(rig, a);
  else if (a.t === 'io') {
    if (a.write) rig.rc.outl(IO + (a.at & ~3), a.value);
    else rig.rc.inl(IO + a.at);
    if (a.write) rig.flow = true;
  } else if (a.t === 'config') rig.config(a.at - (a.at % a.size), a.size, a.value);
  else if (a.t === 'poke') poke(rig, a);
  else if (a.t === 'ring') rig.setupRing(a.ring, a.count, a.given % a.count);
  else if (a.t === 'place') place(rig, a);
  else if (a.t === 'give') give(rig, a);
  else if (a.t === 'send') send(rig, a);
  else if (a.t === 'frame') for (let n = 0; n < a.count; n++) rig.peer.send(wireFrame(a.kind, a.length), a.bad);
  else if (a.t === 'start') start(rig, a);
  else if (a.t === 'time') rig.pass(a.ns);
  else if (a.t === 'link') {
    if (a.up) rig.link.up();
    else rig.link.down();
  } else if (a.t === 'hold') rig.hold = a.count + 1;
  else if (a.t === 'reset') reset(rig, a.how);
  else if (a.t === 'command') rig.config(0x04, 2, a.value);
  else if (a.t === 'mode') rig.configure(a.how);
  else if (a.t === 'vector') rig.rc.write32((BAR3 + 16 * a.n + 12) | 0, a.masked ? 1 : 0);
  else service(rig);
}

function raw(rig: FuzzRig, a: Action & { t: 'raw' }): void {
  const base = a.bar === 0 ? BAR0 : a.bar === 1 ? BAR1 : BAR3;
  if (a.write) rig.rc.write32((base + a.at) | 0, a.value);
  else rig.rc.read32((base + a.at) | 0);
  if (a.write && a.bar === 0) rig.flow = true;
}

function give(rig: FuzzRig, a: Action & { t: 'give' }): void {
  if (rig.sizes[a.ring] === 0) return;
  for (let n = 0; n < a.count; n++) {
    const at = rig.ring(a.ring) + (rig.tails[a.ring] & 127) * 16;
    rig.giveBuffer(a.ring, rig.tails[a.ring]);
    if (a.address !== 'buffer') {
      const [lo, hi] = resolve(rig, a.address, n * 5);
      rig.store(at, lo);
      rig.store(at + 4, hi);
    }
    rig.tails[a.ring] = (rig.tails[a.ring] + 1) % rig.sizes[a.ring];
  }
  rig.kick(a.ring);
}
