import { describe, expect, test } from 'vitest';
import { createNetwork } from '../../src/host/index.js';
import { deliveredJourneys, formatJourney, journeyStations, LANES, TraceCollector } from '../../src/sinks/index.js';
import { AF_INET, SOCK_DGRAM } from '../../src/uapi/index.js';
import { drop } from '../../src/wire/index.js';
import { type Bench, bench, datagram, fragments } from './support.js';

const names = (b: Bench, journey: number): string[] =>
  journeyStations(b.trace.list, journey, b.host.id).map((s) => s.name);

const ON_WIRE = ['wire, first bit', 'wire, last bit'];
const STORED = ['MAC FIFO', 'DMA write', 'descriptor write-back'];
const BY_MSI = ['MSI', 'vector', 'hard irq', 'napi_schedule'];
const BY_INTX = ['INTx', 'IO-APIC', 'vector', 'hard irq', 'napi_schedule'];
const POLLED = ['softirq', 'poll', 'skb', 'netif_receive_skb'];
const UP = ['IP', 'IP, local delivery', 'UDP', 'socket queue', 'wakeup', 'recvfrom'];

describe('the way of a received datagram', () => {
  for (const [mode, interrupt] of [
    ['msi', BY_MSI],
    ['intx', BY_INTX],
  ] as const) {
    for (const cpus of [1, 2]) {
      test(`${mode}, ${cpus} CPU: every station, in the order of happening`, async () => {
        const b = await bench({ interrupts: mode, cpus });
        const id = b.port.send(datagram(20));
        await b.net.run();
        expect(b.received).toEqual([20]);
        expect(deliveredJourneys(b.trace.list)).toEqual([id]);
        expect(names(b, id)).toEqual([...ON_WIRE, ...STORED, ...interrupt, ...POLLED, ...UP]);
      });
    }
  }

  test('times and cycles never go back, and the line takes what Ethernet takes', async () => {
    const b = await bench();
    const id = b.port.send(datagram(20));
    await b.net.run();
    const stations = journeyStations(b.trace.list, id, b.host.id);
    for (let i = 1; i < stations.length; i++) expect(stations[i]!.time).toBeGreaterThanOrEqual(stations[i - 1]!.time);
    const cycles = stations.map((s) => s.cycle).filter((cycle) => cycle >= 0);
    expect(cycles).toEqual([...cycles].sort((x, y) => x - y));
    expect(stations.filter((s) => s.cycle < 0).map((s) => LANES[s.lane])).toEqual([
      ...['wire', 'wire', 'NIC', 'memory', 'memory', 'interrupt'],
    ]);
    // 62 bytes, FCS and preamble at 1 Gb/s.
    expect(stations[1]!.time - stations[0]!.time).toBe((62 + 4 + 8) * 8);
  });

  test('a frame that comes while the interrupt is masked has no interrupt of its own', async () => {
    const b = await bench();
    const first = b.port.send(datagram(20));
    const second = b.port.send(datagram(30));
    await b.net.run();
    expect(names(b, first)).toEqual([...ON_WIRE, ...STORED, ...BY_MSI, ...POLLED, ...UP]);
    expect(names(b, second)).toEqual([...ON_WIRE, ...STORED, ...POLLED, ...UP.filter((name) => name !== 'wakeup')]);
  });

  test('a frame that a running poll finds has no poll of its own', async () => {
    // Twice as fast as the cable it stands for, so that frames come quicker than the CPU takes them.
    const b = await bench({}, { rate: '2Gbps' });
    const ids = Array.from({ length: 12 }, () => b.port.send(datagram(20)));
    await b.net.run();
    expect(b.received).toHaveLength(12);
    expect(names(b, ids[11] as number)).toEqual([
      ...[...ON_WIRE, ...STORED, 'skb', 'netif_receive_skb', ...UP.filter((name) => name !== 'wakeup')],
    ]);
  });

  test('two NICs: the interrupt is that of the NIC that stored the packet, the poll its own', async () => {
    const b = await bench({ nics: [{ addresses: ['10.0.1.2/24'], mac: '02:00:00:00:00:03' }] });
    const other = b.net.port(b.host);
    await b.net.run();
    const frame = datagram(20);
    frame[5] = 3;
    b.port.send(datagram(20));
    const id = other.send(frame);
    await b.net.run();
    expect(b.received).toEqual([20, 20]);
    const stations = journeyStations(b.trace.list, id, b.host.id);
    const detail = (name: string): string | undefined => stations.find((s) => s.name === name)?.detail;
    const [first, second] = b.host.napi.napis.filter(
      (napi) => napi.dev === b.host.nics[0]?.dev || napi.dev === b.host.nics[1]?.dev,
    );
    expect(first).not.toBe(second);
    expect(detail('napi_schedule')).toBe(`napi ${second!.napi_id}`);
    expect(detail('poll')).toBe('1 of 64 packets');
  });
});

describe('a packet that does not arrive', () => {
  test('closed port: the way ends with the reason, and no journey was delivered', async () => {
    const b = await bench();
    const id = b.port.send(datagram(20, { port: 7001 }));
    await b.net.run();
    const stations = journeyStations(b.trace.list, id, b.host.id);
    expect(stations.at(-1)).toMatchObject({ name: 'dropped', detail: 'NO_SOCKET', lane: LANES.indexOf('softirq') });
    expect(deliveredJourneys(b.trace.list)).toEqual([]);
  });

  test('unknown packet type: dropped above netif_receive_skb', async () => {
    const b = await bench();
    const id = b.port.send(datagram(20, { etherType: 0x9000 }));
    await b.net.run();
    expect(names(b, id).slice(-3)).toEqual(['skb', 'netif_receive_skb', 'dropped']);
  });

  test('dropped by the wire: two stations', async () => {
    const b = await bench();
    b.link.setFaults([drop({ index: [0] })]);
    const id = b.port.send(datagram(20));
    await b.net.run();
    const stations = journeyStations(b.trace.list, id, b.host.id);
    expect(stations.map((s) => s.name)).toEqual(['wire, first bit', 'dropped on the wire']);
    expect(stations[1]!.detail).toBe('WIRE_DROP_FAULT');
  });

  test('unknown journey: no stations, an empty table', async () => {
    const b = await bench();
    expect(journeyStations(b.trace.list, 12345, b.host.id)).toEqual([]);
    expect(formatJourney([])).toEqual([]);
  });
});

describe('fragments', () => {
  for (const order of ['head first', 'tail first']) {
    test(`of two journeys, ${order}: the datagram goes on under the first one's id, the other ends in the fragment queue`, async () => {
      const b = await bench();
      const [head, tail] = fragments(2000, 1480);
      const sent = (order === 'head first' ? [head, tail] : [tail, head]).map((frame) => b.port.send(frame));
      await b.net.run();
      expect(b.received).toEqual([2000]);
      const [first, rest] = order === 'head first' ? sent : [...sent].reverse();
      expect(deliveredJourneys(b.trace.list)).toEqual([first]);
      const UPWARD = ['IP, local delivery', 'UDP', 'socket queue', 'wakeup', 'recvfrom'];
      expect(names(b, first as number).slice(-6)).toEqual(['fragment queue', ...UPWARD]);
      expect(names(b, rest as number).at(-1)).toBe('fragment queue');
    });
  }

  test('of one journey (made by an emulated sender): each frame with its own interrupt and skb', async () => {
    const net = createNetwork({ seed: 1, costs: 'lumped' });
    const a = net.host('a', { addresses: ['10.0.0.1/24'] });
    const b = net.host('b', { addresses: ['10.0.0.2/24'] });
    net.wire(a, b, { rate: '100Mbps' });
    const trace = net.trace(new TraceCollector());
    b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      await sys.recvfrom(fd, 4096);
    });
    a.spawn((sys) =>
      sys.sendto(sys.socket(AF_INET, SOCK_DGRAM), new Uint8Array(3000), 0, { address: '10.0.0.2', port: 7000 }),
    );
    await net.run();
    const [id, ...more] = deliveredJourneys(trace.list);
    expect(more).toEqual([]);
    const list = journeyStations(trace.list, id as number, b.id).map((s) => s.name);
    for (const name of ['wire, last bit', 'DMA write', 'MSI', 'vector', 'softirq', 'poll', 'skb', 'fragment queue']) {
      expect([name, list.filter((n) => n === name).length]).toEqual([name, 3]);
    }
    expect(list.filter((n) => n === 'UDP')).toHaveLength(1);
  });
});

test('over loopback: no wire, no interrupt, but a softirq and a poll of the backlog', async () => {
  const b = await bench();
  b.host.spawn((sys) =>
    sys.sendto(sys.socket(AF_INET, SOCK_DGRAM), 'to myself', 0, { address: '127.0.0.1', port: 7000 }),
  );
  // The first run ends with the sender, the second when nothing is left to happen.
  await b.net.run();
  await b.net.run();
  expect(b.received).toEqual([9]);
  const [id] = deliveredJourneys(b.trace.list);
  expect(names(b, id as number)).toEqual(['IP output', 'ndo_start_xmit', ...POLLED, ...UP]);
});

describe('the way of a sent datagram', () => {
  test('at the sender: down to the wire; at the receiver the same id goes up', async () => {
    const net = createNetwork({ seed: 1, costs: 'lumped' });
    const a = net.host('a', { addresses: ['10.0.0.1/24'] });
    const b = net.host('b', { addresses: ['10.0.0.2/24'] });
    net.wire(a, b);
    a.inet.addNeighbour(a.nic.dev, '10.0.0.2', '02:00:00:00:02:00');
    const trace = net.trace(new TraceCollector());
    b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      await sys.recvfrom(fd, 2048);
    });
    a.spawn(async (sys) => {
      await sys.sleep('1ms');
      await sys.sendto(sys.socket(AF_INET, SOCK_DGRAM), 'hello', 0, { address: '10.0.0.2', port: 7000 });
    });
    await net.run();
    const id = deliveredJourneys(trace.list)[0] as number;
    const sent = journeyStations(trace.list, id, a.id);
    expect(sent.map((s) => s.name).slice(0, 5)).toEqual([
      ...['IP output', 'ndo_start_xmit', 'DMA read', 'wire, first bit', 'wire, last bit'],
    ]);
    expect(LANES[sent[0]!.lane]).toBe('process');
    expect(journeyStations(trace.list, id, b.id).map((s) => s.name)).toEqual([
      ...[...ON_WIRE, ...STORED, ...BY_MSI, ...POLLED, ...UP],
    ]);
  });
});

test('formatJourney: a line per station with time, step, cycle and place', async () => {
  const b = await bench();
  const id = b.port.send(datagram(20));
  await b.net.run();
  const lines = formatJourney(journeyStations(b.trace.list, id, b.host.id));
  expect(lines[0]).toBe('        0 ns       +0 ns            -  wire      wire, first bit        62 bytes');
  expect(lines[1]).toBe('      592 ns     +592 ns            -  wire      wire, last bit         62 bytes');
  expect(lines.at(-1)).toMatch(/^ +\d+ ns +\+\d+ ns +\d+ {2}process {3}recvfrom {15}pid 1, fd 3, 20 bytes$/);
});
