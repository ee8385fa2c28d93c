import { createHash } from 'node:crypto';
import { type CostsInput, createNetwork, type Host, type Network } from '../host/index.js';
import { PcapngCapture, TraceCollector } from '../sinks/index.js';
import type { Sys } from '../syscalls/index.js';
import {
  AF_INET,
  AF_INET6,
  formatMac,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  parseMac,
  SOCK_DGRAM,
  type SockAddr,
} from '../uapi/index.js';
import { FRAME_MAX_LENGTH, type RawPort, type TimedFrame } from '../wire/index.js';
import { UsageError } from './usage.js';

/** Largest datagram: a buffer for it never truncates. */
const DATAGRAM_MAX = 65536;

export interface ReplayOptions {
  addresses: readonly string[];
  mac: string;
  port: number;
  mode: 'msi' | 'msix' | 'intx';
  costs: CostsInput;
  seed: number;
  /** Collect the trace (needed for journeys and files). */
  trace: boolean;
}

/** A datagram as the program got it from `recvfrom`. */
export interface ReceivedDatagram {
  from: SockAddr;
  data: Uint8Array;
  sha256: string;
  /** Virtual time of the return from `recvfrom`, ns. */
  time: number;
}

export interface ReplayResult {
  net: Network;
  host: Host;
  port: RawPort;
  datagrams: ReceivedDatagram[];
  drops: Record<string, number>;
  irqs: number;
  polls: number;
  /** Frames of the capture, and those replayed. */
  framesInFile: number;
  framesReplayed: number;
  trace: TraceCollector | null;
  capture: PcapngCapture | null;
}

/** Frames for the station `mac`: its own, broadcast and multicast ones, but none that it sent. */
export function framesFor(frames: readonly TimedFrame[], mac: Uint8Array): TimedFrame[] {
  return frames.filter(({ bytes }) => {
    if (bytes.length < 14 || sameMac(bytes, 6, mac)) return false;
    return (bytes[0] & 1) === 1 || sameMac(bytes, 0, mac);
  });
}

function sameMac(bytes: Uint8Array, at: number, mac: Uint8Array): boolean {
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== mac[i]) return false;
  return true;
}

/** Sends the frames for one host through it and collects what its programs receive. */
export async function replay(frames: readonly TimedFrame[], options: ReplayOptions): Promise<ReplayResult> {
  const mac = parseMac(options.mac);
  const net = createNetwork({ seed: options.seed, costs: options.costs });
  const host = net.host('host', {
    addresses: options.addresses,
    mac: formatMac(mac),
    interrupts: options.mode,
  });
  const port = net.port(host, { record: false });
  const capture = options.trace ? new PcapngCapture() : null;
  for (const link of net.links) capture?.add(link, net.frames);
  const trace = options.trace ? net.trace(new TraceCollector()) : null;
  const datagrams: ReceivedDatagram[] = [];
  for (const family of [AF_INET, AF_INET6]) {
    const name = family === AF_INET ? 'udp4' : 'udp6';
    host.spawn((sys) => receive(sys, family, options.port, datagrams), { daemon: true, name });
  }
  // Programs start and the link comes up before the first frame: the machine stands ready, as the captured one did.
  await net.run();
  const chosen = framesFor(frames, mac);
  for (const frame of chosen) checkFrame(frame);
  port.play(chosen);
  await net.run();
  return {
    net,
    host,
    port,
    datagrams,
    drops: host.drops(),
    irqs: host.irqs(),
    polls: host.polls(),
    framesInFile: frames.length,
    framesReplayed: chosen.length,
    trace,
    capture,
  };
}

/** Frames that no wire carries, or not in a simulation's life. */
function checkFrame({ time_ns, bytes }: TimedFrame): void {
  if (bytes.length > FRAME_MAX_LENGTH) {
    throw new UsageError(
      `the capture has a frame of ${bytes.length} bytes for this host and a wire takes up to ${FRAME_MAX_LENGTH}: it was captured behind receive offload (GRO, LRO)`,
    );
  }
  if (!Number.isSafeInteger(time_ns)) {
    throw new UsageError('the capture has frames for this host that are more than 104 days apart');
  }
}

async function receive(sys: Sys, family: number, port: number, into: ReceivedDatagram[]): Promise<void> {
  const fd = sys.socket(family, SOCK_DGRAM, 0);
  if (family === AF_INET6) sys.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : '::', port });
  for (;;) {
    const { data, from } = await sys.recvfrom(fd, DATAGRAM_MAX);
    const sha256 = createHash('sha256').update(data).digest('hex');
    into.push({ from, data, sha256, time: sys.clock_gettime() });
  }
}

/** The lines of `--json`. */
export function jsonLines(result: ReplayResult): string[] {
  const lines = result.datagrams.map(({ from, data, sha256 }) =>
    JSON.stringify({
      family: from.family === AF_INET ? 4 : 6,
      src: from.address,
      sport: from.port,
      length: data.length,
      sha256,
    }),
  );
  const { drops, irqs, polls } = result;
  lines.push(JSON.stringify({ drops, irqs, polls }));
  return lines;
}
