import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/source.js';
import { ASKED, faults } from './frame-faults.js';
import { build, editcap, scratch, softirq, tshark } from './tools.js';

const MAC = '02:00:00:00:00:02';
const PORT = 7000;
const capture = join(root, 'captures', 'linux-mixed.pcap');
const { folder, remove } = scratch();
const truncated = join(folder, 'truncated.pcap');
const text = join(folder, 'text.pcap');
const HOST = ['--host', '10.1.0.2/24,fd01::2/64', '--mac', MAC, '--udp', String(PORT)];

interface Datagram {
  family: number;
  src: string;
  sport: number;
  length: number;
  sha256: string;
}

/** The same file in big-endian order: header of 24 bytes, then records of 16 bytes and their data. */
function bigEndian(from: Uint8Array): Uint8Array {
  const file = Uint8Array.from(from);
  const view = new DataView(file.buffer);
  const swap32 = (at: number): void => view.setUint32(at, view.getUint32(at, true));
  const swap16 = (at: number): void => view.setUint16(at, view.getUint16(at, true));
  for (const at of [0, 8, 12, 16, 20]) swap32(at);
  for (const at of [4, 6]) swap16(at);
  for (let at = 24; at < file.length; ) {
    const length = view.getUint32(at + 8, true);
    for (const field of [0, 4, 8, 12]) swap32(at + field);
    at += 16 + length;
  }
  return file;
}

const variants: Record<string, (to: string) => void> = {
  'pcap, microseconds': (to) => writeFileSync(to, readFileSync(capture)),
  'pcap, nanoseconds': (to) => editcap('nsecpcap', capture, to),
  'pcap, big-endian': (to) => writeFileSync(to, bigEndian(readFileSync(capture))),
  'pcap, big-endian, nanoseconds': (to) => {
    editcap('nsecpcap', capture, to);
    writeFileSync(to, bigEndian(readFileSync(to)));
  },
  pcapng: (to) => editcap('pcapng', capture, to),
};

const fileOf = (variant: string): string => join(folder, `${variant.replaceAll(/\W+/g, '-')}.cap`);

/** The datagrams for our host and port as tshark puts them together, in the order of the frames that complete them. */
function expected(file: string): Datagram[] {
  const rows = tshark(
    file,
    `eth.dst == ${MAC} && udp.dstport == ${PORT} && (ip.dst == 10.1.0.2 || ipv6.dst == fd01::2)`,
    ['ip.src', 'ipv6.src', 'udp.srcport', 'udp.payload'],
  );
  return rows.map((row) => {
    const data = Buffer.from(row['udp.payload'], 'hex');
    return {
      family: row['ip.src'] === '' ? 6 : 4,
      src: row['ip.src'] || row['ipv6.src'],
      sport: Number(row['udp.srcport']),
      length: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
    };
  });
}

beforeAll(() => {
  build();
  for (const [variant, make] of Object.entries(variants)) make(fileOf(variant));
  writeFileSync(truncated, readFileSync(capture).subarray(0, -10));
  writeFileSync(text, 'This is not a capture, it only has its name.\n');
});
afterAll(remove);

describe.each(Object.keys(variants))('softirq replay of a %s', (variant) => {
  it.each(['msi', 'msix', 'intx'])('in mode %s: recvfrom gives the datagrams that tshark puts together', (mode) => {
    const file = fileOf(variant);
    const { status, stdout, stderr } = softirq('replay', file, ...HOST, '--mode', mode, '--json');
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const totals = lines.pop() as { drops: Record<string, number>; irqs: number; polls: number };
    const theirs = expected(file);
    expect(lines).toEqual(theirs);
    expect(theirs.map(({ length }) => length)).toEqual([
      1, 18, 512, 1472, 1473, 4000, 9000, 1, 18, 512, 1472, 1473, 4000, 9000,
    ]);
    // The two datagrams to a port where nobody listens.
    expect(totals.drops['NO_SOCKET']).toBeGreaterThanOrEqual(2);
    expect(totals.irqs).toBeGreaterThan(0);
    expect(totals.polls).toBeGreaterThan(0);
  });
});

describe('the command', () => {
  it.each([
    ['--help'],
    ['-h'],
    ['help'],
    ['--version'],
    ['replay', '--help'],
    ['replay', '-h'],
    ['demo', '--help'],
  ])('%s %s: status 0, text on standard output only', (...args) => {
    const { status, stdout, stderr } = softirq(...args.filter((a) => a !== undefined));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.length).toBeGreaterThan(4);
  });

  const HOST_BUT = (name: string, value: string): string[] => {
    const args = [...HOST];
    args[args.indexOf(name) + 1] = value;
    return args;
  };
  it.each<[string, string[]]>([
    ['no command', ['nosuch']],
    ['no command at all but an option', ['--nosuch']],
    ['a truncated file', ['replay', truncated, ...HOST]],
    ['a text file', ['replay', text, ...HOST]],
    ['an absent file', ['replay', join(folder, 'absent.pcap'), ...HOST]],
    ['a folder', ['replay', folder, ...HOST]],
    ['no file', ['replay', ...HOST]],
    ['two files', ['replay', capture, capture, ...HOST]],
    ['no host', ['replay', capture, '--mac', MAC, '--udp', '7000']],
    ['no address of the card', ['replay', capture, '--host', '10.1.0.2/24', '--udp', '7000']],
    ['no port', ['replay', capture, '--host', '10.1.0.2/24', '--mac', MAC]],
    ['a host that is no address', ['replay', capture, ...HOST_BUT('--host', '10.1.0.2.4/24')]],
    ['a host without a prefix length', ['replay', capture, ...HOST_BUT('--host', '10.1.0.2')]],
    ['a prefix that is too long', ['replay', capture, ...HOST_BUT('--host', '10.1.0.2/33')]],
    ['an empty address in the list', ['replay', capture, ...HOST_BUT('--host', '10.1.0.2/24,')]],
    ['a broken address of the card', ['replay', capture, ...HOST_BUT('--mac', '02:00:00:00:02')]],
    ['a group as the address of the card', ['replay', capture, ...HOST_BUT('--mac', '01:00:5e:00:00:01')]],
    ['port 0', ['replay', capture, ...HOST_BUT('--udp', '0')]],
    ['port 65536', ['replay', capture, ...HOST_BUT('--udp', '65536')]],
    ['a port in words', ['replay', capture, ...HOST_BUT('--udp', 'http')]],
    ['an unknown mode', ['replay', capture, ...HOST, '--mode', 'pin']],
    ['an unknown option', ['replay', capture, ...HOST, '--nosuch']],
    ['an option without its value', ['replay', capture, ...HOST, '--seed']],
    ['a seed that is no number', ['replay', capture, ...HOST, '--seed', 'x']],
    ['a seed with a sign', ['replay', capture, ...HOST, '--seed=-1']],
    ['costs that are no table', ['replay', capture, ...HOST, '--costs', text]],
    ['costs that are absent', ['replay', capture, ...HOST, '--costs', join(folder, 'absent.json')]],
    ['an argument to demo', ['demo', 'extra']],
    ['an unknown option to demo', ['demo', '--nosuch']],
  ])('%s: one line on standard error, status 1', (_what, args) => {
    const { status, stdout, stderr } = softirq(...args);
    expect(stderr).toMatch(/^softirq: [^\n]+\n$/);
    expect([status, stdout]).toEqual([1, '']);
  });

  it('a folder for results that cannot be made: one line on standard error, status 1', () => {
    const { status, stderr } = softirq('replay', capture, ...HOST, '--out', join(text, 'below'));
    expect(stderr).toMatch(/^softirq: [^\n]+\n$/);
    expect(status).toBe(1);
  });

  it('demo: status 0, and a capture in which tshark finds nothing ill-formed that the host sent', () => {
    const out = join(folder, 'demo');
    const { status, stderr } = softirq('demo', '--once', '--out', out);
    expect([status, stderr]).toEqual([0, '']);
    const rows = tshark(
      join(out, 'journey.pcapng'),
      `eth.src == ${MAC} && frame.interface_name contains "sent"`,
      ASKED,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(faults(rows)).toEqual([]);
    for (const type of ['0', '3']) expect(rows.map((r) => r['icmp.type'])).toContain(type);
    for (const type of ['1', '129', '136']) expect(rows.map((r) => r['icmpv6.type'])).toContain(type);
  });
});
