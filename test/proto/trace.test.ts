import { expect, it } from 'vitest';
import { TP, TRACE_POINTS, type TraceView } from '../../src/sim/index.js';
import { AF_INET6 } from '../../src/uapi/index.js';
import { datagram, fragment4, fragment6, frame4, icmp4 } from './packets.js';
import { bind, pattern, recv, sendto, single, socket, type World } from './support.js';

/** Names of the trace points of this room that a stimulus passes, with their journey ids. */
function traced(stimulus: (w: World) => void): [string, number][] {
  const w = single();
  w.inet.addNeighbour(w.dev, '10.0.0.2', '02:00:00:00:00:02');
  const six = socket(w, AF_INET6);
  bind(six, '::', 7000);
  const out: [string, number][] = [];
  const mine: number[] = [
    TP.IP_RCV,
    TP.IP_LOCAL,
    TP.IP_OUT,
    TP.FRAG_QUEUE,
    TP.ICMP,
    TP.UDP_RCV,
    TP.SOCK_QUEUE,
    TP.ARP,
    TP.NDISC,
  ];
  w.sim.trace.addSink({
    records(view: TraceView) {
      for (let i = 0; i < view.length; i++)
        if (mine.includes(view.id(i))) out.push([TRACE_POINTS[view.id(i)].name, view.journey(i)]);
    },
  });
  w.sim.trace.on = true;
  stimulus(w);
  w.sim.trace.flush();
  return out;
}

const names = (list: [string, number][]): string[] => list.map(([name]) => name);

it('a datagram received passes IP_RCV, IP_LOCAL, UDP_RCV and SOCK_QUEUE', () => {
  expect(names(traced((w) => w.fake.receive(frame4(datagram(pattern(4), '10.0.0.2', '10.0.0.1')))))).toEqual([
    'IP_RCV',
    'IP_LOCAL',
    'UDP_RCV',
    'SOCK_QUEUE',
  ]);
});

it('two fragments: each is queued, the datagram goes on once', () => {
  const four = datagram(pattern(40), '10.0.0.2', '10.0.0.1');
  const six = datagram(pattern(40), 'fd00::2', 'fd00::1');
  const seen = [
    traced((w) => {
      w.fake.receive(fragment4(four, { from: 24, to: 48, more: false }));
      w.fake.receive(fragment4(four, { from: 0, to: 24, more: true }));
    }),
    traced((w) => {
      w.fake.receive(fragment6(six, { from: 24, to: 48, more: false }));
      w.fake.receive(fragment6(six, { from: 0, to: 24, more: true }));
    }),
  ];
  for (const list of seen) {
    expect(names(list)).toEqual(['IP_RCV', 'FRAG_QUEUE', 'IP_RCV', 'FRAG_QUEUE', 'IP_LOCAL', 'UDP_RCV', 'SOCK_QUEUE']);
  }
});

it('an echo is heard and answered: ICMP in, ICMP out, IP_OUT with a journey of its own', () => {
  const list = traced((w) => w.fake.receive(frame4(icmp4(8, 0, 1, pattern(4)), { protocol: 1 })));
  expect(names(list)).toEqual(['IP_RCV', 'IP_LOCAL', 'ICMP', 'ICMP', 'IP_OUT']);
  expect(list[4][1]).toBeGreaterThan(0);
});

it('the journey a datagram is sent under is the one its reader is told', () => {
  let read = 0;
  const list = traced((w) => {
    const rx = socket(w);
    bind(rx, '127.0.0.1', 7001);
    sendto(socket(w), pattern(4), '127.0.0.1', 7001);
    w.sim.drain(1e9);
    read = recv(rx).msg.journey;
  });
  expect(names(list)).toEqual(['IP_OUT', 'IP_RCV', 'IP_LOCAL', 'UDP_RCV', 'SOCK_QUEUE']);
  expect(read).toBeGreaterThan(0);
  expect(new Set(list.map(([, journey]) => journey))).toEqual(new Set([read]));
});
