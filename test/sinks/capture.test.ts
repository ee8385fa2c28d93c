import { describe, expect, test } from 'vitest';
import { directionOf, readCapture, relativeNs } from '../../src/pcap/index.js';
import { PcapngCapture } from '../../src/sinks/index.js';
import { corrupt, drop } from '../../src/wire/index.js';
import { bench, datagram } from './support.js';

const EPOCH = { seconds: 0, nanoseconds: 0 };

describe('PcapngCapture', () => {
  test('one link: an interface per direction and tap point, each frame where it passed', async () => {
    const b = await bench();
    b.port.send(datagram(20));
    await b.net.run();
    const { interfaces, packets } = readCapture(b.capture.toBytes(b.trace.list));
    expect(interfaces.map((i) => i.name)).toEqual([
      ...['port-b a->b sent', 'port-b b->a sent', 'port-b a->b delivered', 'port-b b->a delivered'],
    ]);
    expect(packets.map((p) => [p.interface, directionOf(p)])).toEqual([
      [0, 'outbound'],
      [2, 'inbound'],
    ]);
    expect(packets.map((p) => [...p.data])).toEqual([[...datagram(20)], [...datagram(20)]]);
  });

  test('stamps are exact to the nanosecond: first bit where sent, last bit where delivered', async () => {
    const b = await bench({}, { delay: 12_345 });
    await b.net.run({ until: 5_000_000_001 });
    b.port.send(datagram(20));
    b.port.send(datagram(20));
    await b.net.run();
    const { packets } = readCapture(b.capture.toBytes());
    const times = packets.map((p) => [p.interface, relativeNs(p, EPOCH) - 5_000_000_001]);
    // 62 bytes with FCS, preamble and gap take 688 ns; the last bit is there 592 ns and the delay after the first.
    const sent = times.filter(([i]) => i === 0).map(([, t]) => t as number);
    const delivered = times.filter(([i]) => i === 2).map(([, t]) => t as number);
    expect(sent[1]! - sent[0]!).toBe(688);
    expect(delivered).toEqual(sent.map((t) => t + 592 + 12_345));
    expect(times.map(([, t]) => t)).toEqual(times.map(([, t]) => t as number).sort((x, y) => x - y));
  });

  test('comments: journey, the read with its cycle, the drop with its reason', async () => {
    const b = await bench();
    const good = b.port.send(datagram(20));
    const closed = b.port.send(datagram(20, { port: 7001 }));
    await b.net.run();
    const { packets } = readCapture(b.capture.toBytes(b.trace.list, { host: () => 'b' }));
    const of = (journey: number): readonly string[] =>
      packets.find((p) => p.comments?.[0] === `journey=${journey}`)?.comments ?? [];
    expect(of(good)).toHaveLength(2);
    expect(of(good)[1]).toMatch(/^cycle=\d+ b recvfrom pid=1 fd=3 bytes=20$/);
    expect(of(closed)).toHaveLength(2);
    expect(of(closed)[1]).toMatch(/^cycle=\d+ b dropped, reason=NO_SOCKET$/);
  });

  test('a frame lost on the wire is in the file once, with the reason; a damaged one says so', async () => {
    const b = await bench();
    b.link.setFaults([drop({ index: [0] }), corrupt({ index: [0] })]);
    const lost = b.port.send(datagram(20));
    const damaged = b.port.send(datagram(21));
    await b.net.run();
    const { packets } = readCapture(b.capture.toBytes(b.trace.list));
    const of = (journey: number) => packets.filter((p) => p.comments?.[0]?.split(' ')[0] === `journey=${journey}`);
    expect(of(lost).map((p) => p.interface)).toEqual([0]);
    expect(of(lost)[0]?.comments?.[1]).toMatch(/^time=\d+ dropped on the wire, reason=WIRE_DROP_FAULT$/);
    expect(of(damaged).map((p) => p.comments?.[0])).toEqual([`journey=${damaged}`, `journey=${damaged} bad FCS`]);
  });

  test('two links: their own interfaces', async () => {
    const b = await bench({ nics: [{ mac: '02:00:00:00:00:03' }] });
    b.net.port(b.host);
    const capture = new PcapngCapture();
    for (const link of b.net.links) capture.add(link, b.net.frames);
    b.port.send(datagram(20));
    b.net.ports[1]?.send(datagram(21));
    await b.net.run();
    const { interfaces, packets } = readCapture(capture.toBytes());
    expect(interfaces).toHaveLength(8);
    const sides = packets.map((p) => `${p.interface} ${directionOf(p)}`);
    expect(sides.sort()).toEqual(['0 outbound', '2 inbound', '4 outbound', '6 inbound']);
  });

  test('same run twice: the same bytes', async () => {
    const file = async (): Promise<Uint8Array> => {
      const b = await bench();
      for (let i = 0; i < 5; i++) b.port.send(datagram(20 * i));
      await b.net.run();
      return b.capture.toBytes(b.trace.list);
    };
    expect(await file()).toEqual(await file());
  });
});
