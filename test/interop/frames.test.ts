import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetwork } from '../../src/host/index.js';
import { PcapngWriter, readCapture } from '../../src/pcap/index.js';
import { PcapngCapture, TraceCollector } from '../../src/sinks/index.js';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '../../src/uapi/index.js';
import { pair } from '../support/pair.js';
import { ASKED, faults, type Row } from './frame-faults.js';
import {
  arpRequest,
  echo4,
  echo6,
  firstFragment4,
  firstFragment6,
  frame4,
  frame6,
  type Station,
  solicitation,
  udp,
} from './raw-packets.js';
import { scratch, tshark } from './tools.js';

const { folder, remove } = scratch();
afterAll(remove);

function look(name: string, bytes: Uint8Array, filter: string): Row[] {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return tshark(file, filter, ASKED);
}

const values = (rows: readonly Row[], field: keyof Row): string[] => rows.map((r) => r[field]).filter((v) => v !== '');
const SENT = 'frame.interface_name contains "sent"';

const SIZES4 = [1, 2, 3, 17, 18, 19, 511, 1471, 1472, 1473, 2952, 2953, 9000, 32_768, 65_506, 65_507];
const SIZES6 = [1, 2, 3, 17, 18, 19, 511, 1451, 1452, 1453, 2896, 2897, 9000, 32_768, 65_506, 65_507, 65_527];

describe('datagrams of all sizes between two hosts', () => {
  let rows: Row[] = [];

  beforeAll(async () => {
    const { net, a, b, link } = pair({}, { ring: 1024 });
    const capture = new PcapngCapture();
    capture.add(link, net.frames);
    for (const family of [AF_INET, AF_INET6]) {
      const sizes = family === AF_INET ? SIZES4 : SIZES6;
      const server = { address: family === AF_INET ? '10.0.0.2' : 'fd00::2', port: 7000 };
      b.spawn(
        async (sys) => {
          const fd = sys.socket(family, SOCK_DGRAM);
          sys.bind(fd, server);
          for (;;) {
            const { data, from } = await sys.recvfrom(fd, 65_536);
            await sys.sendto(fd, data, 0, from);
          }
        },
        { daemon: true },
      );
      a.spawn(async (sys) => {
        const fd = sys.socket(family, SOCK_DGRAM);
        const data = new Uint8Array(65_536);
        for (const [turn, size] of sizes.entries()) {
          const sent = data.subarray(0, size).map((_, i) => i * 7 + turn);
          await sys.sendto(fd, sent, 0, server);
          expect((await sys.recvfrom(fd, 65_536)).data).toEqual(sent);
        }
        await sys.sendto(fd, 'nobody', 0, { ...server, port: 7999 });
      });
    }
    await net.run();
    await net.run({ until: net.now + 1_000_000_000 });
    rows = look('sizes.pcapng', capture.toBytes(), SENT);
  });

  it('no frame is ill-formed', () => {
    expect(rows.length).toBeGreaterThan(300);
    expect(faults(rows)).toEqual([]);
  });

  it('every size is there in both directions, with a checksum that was verified', () => {
    const udps = rows.filter(
      (r) => r['udp.checksum.status'] !== '' && r['icmp.type'] === '' && r['icmpv6.type'] === '',
    );
    const lengths = udps.map((r) => Number(r['udp.length']) - 8);
    const both = (sizes: readonly number[]): number[] => sizes.flatMap((n) => [n, n]);
    expect(lengths.sort((x, y) => x - y)).toEqual([...both(SIZES4), ...both(SIZES6), 6, 6].sort((x, y) => x - y));
    expect(new Set(values(udps, 'udp.checksum.status'))).toEqual(new Set(['1']));
    expect(values(rows, 'ip.flags.mf')).toContain('1');
    expect(values(rows, 'ipv6.fraghdr.more')).toContain('1');
  });

  it('ARP and neighbour discovery ask and answer, closed ports are told of', () => {
    expect(new Set(values(rows, 'arp.opcode'))).toEqual(new Set(['1', '2']));
    expect(values(rows, 'icmp.type')).toEqual(['3']);
    expect(values(rows, 'icmpv6.type')).toEqual(expect.arrayContaining(['135', '136', '1']));
  });
});

const HOST: Station = {
  mac: [2, 0, 0, 0, 0, 2],
  ip4: [10, 0, 0, 2],
  ip6: [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
};
const PEER: Station = {
  mac: [2, 0, 0, 0, 0, 1],
  ip4: [10, 0, 0, 1],
  ip6: [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
};

describe('answers to the frames of a stranger', () => {
  let rows: Row[] = [];
  const ECHOES = [0, 1, 56, 57, 1400, 1452];

  beforeAll(async () => {
    const net = createNetwork({ checked: true });
    const host = net.host('host', { addresses: ['10.0.0.2/24', 'fd00::2/64'], mac: '02:00:00:00:00:02' });
    const port = net.port(host);
    const capture = new PcapngCapture();
    for (const link of net.links) capture.add(link, net.frames);
    const frames = [arpRequest(PEER, HOST), solicitation(PEER, HOST)];
    for (const n of ECHOES) frames.push(frame4(PEER, HOST, 1, echo4(n)), frame6(PEER, HOST, 58, echo6(PEER, HOST, n)));
    frames.push(
      frame4(PEER, HOST, 17, udp(9, 4444, 1000)),
      frame4(PEER, HOST, 99, new Uint8Array(40)),
      frame6(PEER, HOST, 99, new Uint8Array(40)),
    );
    frames.push(firstFragment4(PEER, HOST), firstFragment6(PEER, HOST));
    await net.run();
    // A second apart, so that no rate limit of ICMP holds an answer back.
    port.play(frames.map((bytes, i) => ({ time_ns: i * 1_000_000_000, bytes })));
    // The fragments wait for the rest of their packet 30 and 60 seconds; housekeeping alone does not keep a run going.
    await net.run({ until: 120_000_000_000 });
    rows = look('answers.pcapng', capture.toBytes(), `${SENT} && eth.src == 02:00:00:00:00:02`);
  });

  it('no frame is ill-formed', () => {
    expect(faults(rows)).toEqual([]);
  });

  it('each request has its answer', () => {
    expect(values(rows, 'arp.opcode')).toContain('2');
    const count = (field: keyof Row, type: string): number =>
      rows.filter((r) => r[field].split(',')[0] === type).length;
    expect(count('icmp.type', '0')).toBe(ECHOES.length);
    expect(count('icmpv6.type', '129')).toBe(ECHOES.length);
    // Port and protocol unreachable; reassembly time exceeded; unrecognised next header.
    expect(count('icmp.type', '3')).toBe(2);
    expect(count('icmp.type', '11')).toBe(1);
    expect(count('icmpv6.type', '4')).toBe(1);
    expect(count('icmpv6.type', '3')).toBe(1);
    expect(count('icmpv6.type', '136')).toBeGreaterThanOrEqual(1);
  });
});

describe('what these tests look for', () => {
  const good = (): Uint8Array => frame4(PEER, HOST, 1, echo4(64));
  const changed = (at: number, value: number): Uint8Array => {
    const frame = good();
    frame[at] = value;
    return frame;
  };
  const seen = (frame: Uint8Array): string[] => {
    const writer = new PcapngWriter();
    writer.addInterface({ name: 'sent' });
    writer.packet({ interface: 0, seconds: 0, nanoseconds: 0, data: frame });
    return faults(look('planted.pcapng', writer.take(), SENT));
  };

  it.each<[string, Uint8Array, RegExp]>([
    ['a changed TTL', changed(22, 63), /bad ip.checksum/],
    ['a changed byte of data', changed(60, 0), /bad icmp.checksum/],
    ['a header length beyond the packet', changed(14, 0x4f), /./],
    ['a total length beyond the frame', changed(16, 0x7f), /./],
  ])('%s: it is found', (_what, frame, fault) => {
    expect(seen(good())).toEqual([]);
    expect(seen(frame).join()).toMatch(fault);
  });
});

describe('our pcapng file as tshark reads it', () => {
  it('interfaces, stamps in ns and comments are those that were written', async () => {
    const { net, a, b, link } = pair({ costs: 'lumped' }, {}, { rate: '1Gbps', delay: '12345ns' });
    const capture = new PcapngCapture();
    capture.add(link, net.frames);
    const trace = net.trace(new TraceCollector());
    b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      await sys.recvfrom(fd, 2048);
    });
    a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.sendto(fd, 'hello', 0, { address: '10.0.0.2', port: 7001 });
      await sys.sendto(fd, 'hello', 0, { address: '10.0.0.2', port: 7000 });
    });
    await net.run();
    net.untrace(trace);
    const bytes = capture.toBytes(trace.list, { dropReason: (n) => `reason ${n}` });
    const file = join(folder, 'ours.pcapng');
    writeFileSync(file, bytes);
    const theirs = tshark(file, 'frame', [
      'frame.interface_name',
      'frame.time_epoch',
      'frame.comment',
      'frame.len',
      'frame.packet_flags_direction',
    ]);
    const { interfaces, packets } = readCapture(bytes);
    const ours = packets.map((p) => ({
      'frame.interface_name': interfaces[p.interface]?.name ?? '',
      'frame.time_epoch': `${p.seconds}.${String(p.nanoseconds).padStart(9, '0')}`,
      'frame.comment': (p.comments ?? []).join(','),
      'frame.len': String(p.data.length),
      'frame.packet_flags_direction': (interfaces[p.interface]?.name ?? '').endsWith('sent')
        ? '0x00000002'
        : '0x00000001',
    }));
    expect(theirs).toEqual(ours);
    expect(new Set(theirs.map((r) => r['frame.interface_name']))).toEqual(
      new Set(['a-b a->b sent', 'a-b b->a sent', 'a-b a->b delivered', 'a-b b->a delivered']),
    );
    const comments = theirs.map((r) => r['frame.comment']).join('\n');
    expect(comments).toMatch(/journey=\d+,.*drop.*reason \d+/);
    expect(comments).toMatch(/journey=\d+,cycle=\d+ .*recvfrom pid=1 fd=3 bytes=5/);
    expect(theirs.some((r) => !r['frame.time_epoch'].endsWith('000'))).toBe(true);
  });
});
