import { createNetwork, type Network } from '../../src/host/index.js';
import { PcapngCapture, TraceCollector } from '../../src/sinks/index.js';
import type { Sys } from '../../src/syscalls/index.js';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '../../src/uapi/index.js';
import { corrupt, delay, drop, duplicate, type Fault, reorder, truncate } from '../../src/wire/index.js';

/** What can be changed of the scenario by a hair. */
export interface ScenarioOptions {
  seed?: number;
  /** Delay of the first link, ns. */
  delay_ns?: number;
  /** Flips the lowest bit of one byte of one datagram. */
  flip?: boolean;
  trace?: boolean;
  faults?: boolean;
  cpus?: number;
}

/** All that a run showed. */
export interface ScenarioRun {
  /** A capture file of all links, each frame as sent and as delivered. */
  pcapng: Uint8Array;
  digest: string;
  /** What `recvfrom` returned, in order, with virtual times. */
  received: string[];
  drops: Record<string, Record<string, number>>;
  net: Network;
}

const FAULTS: readonly Fault[] = [
  drop({ ratio: '1/60' }),
  duplicate({ ratio: '1/40' }),
  delay({ ratio: '1/20', by: '40us', jitter: '30us' }),
  reorder({ ratio: '1/40', by: 2 }),
  corrupt({ ratio: '1/60' }),
  truncate({ ratio: '1/99', length: 70 }),
];

/** Three hosts on a switch: two send datagrams of many sizes over both families, one echoes the short ones. */
export async function runScenario(options: ScenarioOptions = {}): Promise<ScenarioRun> {
  const net = createNetwork({ seed: options.seed ?? 1, costs: 'lumped' });
  const capture = new PcapngCapture();
  const hub = net.switch();
  const hosts = ['a', 'b', 'c'].map((name, i) => {
    const host = net.host(name, {
      addresses: [`10.0.0.${i + 1}/24`, `fd00::${i + 1}/64`],
      interrupts: i === 1 ? 'intx' : 'msi',
      cpus: options.cpus ?? 1,
    });
    const faults = options.faults === false ? [] : FAULTS;
    const link = net.wire(host, hub, { delay: i === 0 ? (options.delay_ns ?? 1000) : 1000, faults });
    capture.add(link, net.frames);
    return host;
  });
  if (options.trace === true) net.trace(new TraceCollector());
  // The links come up.
  await net.run();
  const received: string[] = [];
  for (const family of [AF_INET, AF_INET6]) {
    hosts[1].spawn((sys) => echo(sys, family, received), { daemon: true });
    for (const host of [hosts[0], hosts[2]])
      host.spawn((sys) => send(sys, family, host.id, options.flip === true, received));
  }
  await net.run();
  const drops = Object.fromEntries(hosts.map((h) => [h.name, h.drops()]));
  return { pcapng: capture.toBytes(), digest: net.digest(), received, drops, net };
}

async function echo(sys: Sys, family: number, received: string[]): Promise<void> {
  const fd = sys.socket(family, SOCK_DGRAM);
  sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : 'fd00::2', port: 7000 });
  for (;;) {
    const { data, from } = await sys.recvfrom(fd, 65536);
    received.push(`${sys.clock_gettime()} ${from.address}:${from.port} ${data.length} ${sum(data)}`);
    if (data.length < 600) await sys.sendto(fd, data, 0, from);
  }
}

async function send(sys: Sys, family: number, id: number, flip: boolean, received: string[]): Promise<void> {
  const fd = sys.socket(family, SOCK_DGRAM);
  sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : '::', port: (family === AF_INET ? 4000 : 5000) + id });
  const to = { address: family === AF_INET ? '10.0.0.2' : 'fd00::2', port: 7000 };
  for (let n = 0; n < 30; n++) {
    const data = new Uint8Array(1 + ((n * 397 + id * 101) % 5000)).map((_, i) => i * n + id);
    if (flip && n === 7) data[0] ^= 1;
    await sys.sendto(fd, data, 0, to);
    await sys.sleep(20_000 + id * 777);
  }
  const back = new Uint8Array(2048);
  for (;;) {
    const n = await sys.recvfrom(fd, back, 0x40).catch(() => -1);
    if (n < 0) return;
    received.push(`echo ${id} ${n} ${sum(back.subarray(0, n))}`);
  }
}

function sum(data: Uint8Array): number {
  let s = data.length;
  for (const b of data) s = (Math.imul(s, 31) + b) | 0;
  return s >>> 0;
}
