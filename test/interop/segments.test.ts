import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../src/pcap/index.js';
import {
  CTRL_RESET,
  DATA_REG,
  EOP,
  IFCS,
  PEER,
  pause,
  RS,
  setupFlowControl,
  TFCE,
  VLE,
  VME,
} from '../hw/nic/data-path.js';
import { type BigPacket, bigPacket, sendBig } from '../hw/nic/segments.js';
import { Bench, frameTo, REG } from '../hw/nic/support.js';
import { scratch, tshark } from './tools.js';

const { folder, remove } = scratch();
afterAll(remove);

const ASKED = [
  'ip.checksum.status',
  'tcp.checksum.status',
  'udp.checksum.status',
  'tcp.seq_raw',
  'tcp.len',
  'tcp.flags',
  'tcp.payload',
  'tcp.analysis.lost_segment',
  'tcp.analysis.out_of_order',
  'ip.id',
  'ip.len',
  'ipv6.plen',
  'udp.length',
  'vlan.id',
  'vlan.priority',
  '_ws.malformed',
  '_ws.expert.message',
] as const;
type Row = Record<(typeof ASKED)[number], string>;

function look<F extends string>(
  name: string,
  frames: readonly Uint8Array[],
  fields: readonly F[],
): Record<F, string>[] {
  const writer = new PcapngWriter();
  writer.addInterface({ name: 'sent' });
  frames.forEach((data, i) => {
    writer.packet({ interface: 0, seconds: 0, nanoseconds: i * 1000, data });
  });
  const file = join(folder, name);
  writeFileSync(file, writer.take());
  return tshark(file, 'frame', fields);
}

/** The frames that the chip makes of a packet. */
function segments(p: BigPacket, tci: number): { frames: Uint8Array[]; payload: Uint8Array } {
  const b = new Bench({ rate: '1Gbps' });
  b.write(REG.CTRL, CTRL_RESET | VME);
  b.setupTx(32);
  const made = bigPacket(p);
  sendBig(b, p, made, [60, 5000, 5001], tci);
  b.run();
  return { frames: b.peer.received.map((f) => f.bytes), payload: made.bytes.slice(made.header) };
}

const base: BigPacket = {
  version: 4,
  proto: 6,
  tcpOptions: 12,
  payload: 20_001,
  mss: 1448,
  sequence: 0xfffff000,
  identification: 0xfffa,
  flags: 0x19,
};

describe('a segmented packet as tshark sees it', () => {
  it.each<[string, BigPacket, number]>([
    ['IPv4', base, -1],
    ['IPv6', { ...base, version: 6 }, -1],
    ['IPv4 with a VLAN tag', base, 0xa005],
    ['IPv6, small MSS, last frame short', { ...base, version: 6, mss: 100, payload: 1001 }, -1],
  ])('%s: sums right, sequence without gaps, the payload whole', (name, p, tci) => {
    const { frames, payload } = segments(p, tci);
    const rows: Row[] = look(`${name}.pcapng`, frames, ASKED);
    const count = Math.ceil(p.payload / p.mss);
    expect(rows.length).toBe(count);
    const bad = (r: Row): boolean =>
      r['tcp.checksum.status'] !== '1' || (p.version === 4 && r['ip.checksum.status'] !== '1');
    expect(rows.filter(bad)).toEqual([]);
    expect(
      rows.map((r) => r['_ws.malformed'] + r['tcp.analysis.lost_segment'] + r['tcp.analysis.out_of_order']).join(''),
    ).toBe('');
    const sequence = rows.map((r) => Number(r['tcp.seq_raw']));
    expect(sequence).toEqual(Array.from({ length: count }, (_, i) => (p.sequence + i * p.mss) % 2 ** 32));
    const sent = rows.map((r) => r['tcp.payload'].replaceAll(':', '')).join('');
    expect(sent).toBe(Buffer.from(payload).toString('hex'));
    // FIN and PSH in the last only.
    expect(new Set(rows.slice(0, -1).map((r) => Number(r['tcp.flags'])))).toEqual(new Set([0x10]));
    expect(Number(rows.at(-1)?.['tcp.flags'])).toBe(0x19);
    if (p.version === 4) {
      expect(rows.map((r) => Number(r['ip.id']))).toEqual(rows.map((_, i) => (p.identification + i) & 0xffff));
      expect(rows.map((r) => Number(r['ip.len']))).toEqual(rows.map((r) => 52 + Number(r['tcp.len'])));
    } else expect(rows.map((r) => Number(r['ipv6.plen']))).toEqual(rows.map((r) => 32 + Number(r['tcp.len'])));
    const tags = tci < 0 ? [''] : [`${tci & 0xfff}`];
    expect([...new Set(rows.map((r) => r['vlan.id']))]).toEqual(tags);
  });

  it('UDP: lengths and checksums of each', () => {
    const { frames } = segments({ ...base, proto: 17, tcpOptions: 0, payload: 5000, mss: 1000 }, -1);
    const rows = look('udp.pcapng', frames, ASKED);
    expect(rows.map((r) => [r['udp.length'], r['udp.checksum.status'], r['ip.checksum.status']])).toEqual(
      new Array(5).fill(['1008', '1', '1']),
    );
  });

  it('a byte that was changed on the way is found', () => {
    const { frames } = segments(base, -1);
    frames[3][500] ^= 1;
    const rows = look('planted.pcapng', frames, ASKED);
    expect(rows.map((r) => r['tcp.checksum.status']).filter((s) => s !== '1')).toEqual(['0']);
  });
});

describe('other frames of the MAC', () => {
  it('PAUSE frames are those of IEEE 802.3x, tags those of 802.1Q', () => {
    const b = new Bench();
    setupFlowControl(b, TFCE | VME);
    b.write(DATA_REG.FCTTV, 1234);
    b.setupTx(8);
    b.write(REG.TCTL, 0xa | (1 << 22));
    b.txPut(b.place(frameTo(PEER, 100)), 0, 100 | EOP | IFCS | RS | VLE, 0x6007 << 16);
    b.run();
    const fields = ['eth.dst', 'eth.type', 'macc.opcode', 'macc.pause_time', 'vlan.id', 'vlan.priority'] as const;
    const frames = [...b.peer.received.map((f) => f.bytes), pause(0)];
    const rows = look('mac.pcapng', frames, fields);
    expect(rows.map((r) => [r['macc.opcode'], r['macc.pause_time']])).toEqual([
      ['0x0001', '1234'],
      ['', ''],
      ['0x0001', '0'],
    ]);
    expect([rows[0]['eth.dst'], rows[1]['vlan.id'], rows[1]['vlan.priority']]).toEqual(['01:80:c2:00:00:01', '7', '3']);
  });
});
