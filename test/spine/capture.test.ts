import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { framesFor } from '../../src/cli/replay.js';
import {
  type CostsInput,
  createNetwork,
  type Host,
  type HostOptions,
  type InterruptMode,
} from '../../src/host/index.js';
import type { Sys } from '../../src/syscalls/index.js';
import { AF_INET, AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, parseMac, SOCK_DGRAM } from '../../src/uapi/index.js';
import { assertNetwork } from '../support/conservation.js';
import { type CapturedFrame, datagramsFor, type OracleDatagram, readPcapPlain } from '../support/udp-oracle.js';

const MAC = '02:00:00:00:00:02';
const PORT = 7000;
const capture: CapturedFrame[] = readPcapPlain(
  readFileSync(new URL('../../captures/linux-mixed.pcap', import.meta.url)),
);
const expected: OracleDatagram[] = datagramsFor(capture, ['10.1.0.2', 'fd01::2'], PORT);

interface Outcome {
  host: Host;
  datagrams: OracleDatagram[];
  framesReplayed: number;
  digest: string;
}

async function receive(sys: Sys, family: number, into: OracleDatagram[]): Promise<void> {
  const fd = sys.socket(family, SOCK_DGRAM);
  if (family === AF_INET6) sys.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : '::', port: PORT });
  for (;;) {
    const { data, from } = await sys.recvfrom(fd, 65536);
    const sha256 = createHash('sha256').update(data).digest('hex');
    into.push({ family: family === AF_INET ? 4 : 6, src: from.address, sport: from.port, length: data.length, sha256 });
  }
}

async function replayCapture(mode: InterruptMode, costs: CostsInput, options: HostOptions = {}): Promise<Outcome> {
  const net = createNetwork({ costs, checked: true });
  const host = net.host('host', { addresses: ['10.1.0.2/24', 'fd01::2/64'], mac: MAC, interrupts: mode, ...options });
  const port = net.port(host);
  const datagrams: OracleDatagram[] = [];
  const cpus = options.cpus ?? 1;
  host.spawn((sys) => receive(sys, AF_INET, datagrams), { daemon: true });
  host.spawn((sys) => receive(sys, AF_INET6, datagrams), { daemon: true, cpu: cpus - 1 });
  await net.run();
  const chosen = framesFor(capture, parseMac(MAC));
  port.play(chosen);
  await net.run();
  assertNetwork(net);
  return { host, datagrams, framesReplayed: chosen.length, digest: net.digest() };
}

/**
 * Counted by hand in the list of frames that tshark prints, for the station 02:00:00:00:00:02 (frames to it, broadcast and multicast, without
 * those it sent): 232 frames.
 *
 * To multicast and broadcast addresses (9):
 * - 2, 7, 11, 13  MLDv2 reports to ff02::16 = 33:33:00:00:00:16. Table bit (addr[4] >> 4 | addr[5] << 4) & 0xfff = 0x160; the host has set
 *   0x010 (all hosts 01:00:5e:00:00:01 and all nodes 33:33:00:00:00:01) and 0x020 (its solicited-node group 33:33:ff:00:00:02, both of its
 *   IPv6 addresses end in 02): the NIC filters them. NIC_FILTER 4.
 * - 5, 6   solicitations to ff02::1:ff00:1 = 33:33:ff:00:00:01: bit 0x010, a collision with all nodes; IPv6 has not joined. IP_INADDRERRORS.
 * - 12     router solicitation to ff02::2 = 33:33:00:00:00:02: bit 0x020, a collision with 33:33:ff:00:00:02. IP_INADDRERRORS: 3 with 5, 6.
 * - 23     solicitation for fd01::2, answered by an advertisement. 15: ARP request for 10.1.0.2, answered.
 * To the station (223):
 * - 17, 19, 21 and 25, 27, 29   echo requests, answered.
 * - 31-33, 37-39, 43-45, 50-52  four echo requests of three fragments each, answered in three fragments each.
 * - 56-80   seven datagrams of 1, 18, 512, 1472, 1473 (2 frames), 4000 (3), 9000 (7) bytes over IPv4: 16 frames.
 * - 90-116  the same over IPv6, where 1472 bytes need 2 frames: 17 frames.
 * - 88 and 124  a datagram to port 7999, where nobody listens, over each: NO_SOCKET 2, port unreachable.
 * - 126-532 TCP: 164 over IPv4, 6 over IPv6, which nobody serves: IP_NOPROTO 170.
 */
const DROPS = { NIC_FILTER: 4, NO_SOCKET: 2, IP_NOPROTO: 170, IP_INADDRERRORS: 3 };

/** Frames sent in answer: one interrupt each, but the fragments of one reply are sent in one instant and share theirs. */
const ANSWERS = {
  arp: 1,
  advertisement: 1,
  echoReplies: 6,
  fragmentedReplies: 4,
  // Errors are limited per peer to a burst of 6 and one a second more (inetpeer, XRLIM_BURST_FACTOR): all come within 0.3 s.
  icmpErrors: 6,
  icmpv6Errors: 6,
};
const LINK_UP = 1;

describe('the bundled capture', () => {
  it('counted by class of frame: the hand count adds up', () => {
    const frames = framesFor(capture, parseMac(MAC));
    const tcp = frames.filter(({ bytes: b }) => (b[12] === 8 ? b[13] === 0 && b[23] === 6 : b[20] === 6));
    const multicast = frames.filter(({ bytes: b }) => (b[0] & 1) === 1);
    expect([frames.length, multicast.length, tcp.length]).toEqual([232, 9, DROPS.IP_NOPROTO]);
    // echo 6, fragments of echo 12, datagrams 16 + 17, closed port 2.
    expect(frames.length).toBe(9 + 6 + 12 + 16 + 17 + 2 + 170);
  });

  it('reassembled independently: 14 datagrams, seven sizes over each family', () => {
    const sizes = [1, 18, 512, 1472, 1473, 4000, 9000];
    expect(expected.map((d) => d.length)).toEqual([...sizes, ...sizes]);
    expect(expected.map((d) => d.family)).toEqual([4, 4, 4, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6, 6]);
  });

  const modes: InterruptMode[] = ['msi', 'intx'];
  const rows = modes.flatMap((mode) =>
    (['zero', 'lumped'] as const).flatMap((costs) => [1, 2].map((cpus) => ({ mode, costs, cpus }))),
  );
  it.each(rows)('replayed by $mode at $costs costs on $cpus CPU(s): the same datagrams and drops', async ({
    mode,
    costs,
    cpus,
  }) => {
    const { host, datagrams } = await replayCapture(mode, costs, { cpus });
    expect(datagrams).toEqual(expected);
    expect(host.drops()).toEqual(DROPS);
    expect(host.net.delivered).toBe(14);
  });

  it.each(
    modes,
  )('%s, software that takes no time: an interrupt and a poll for each frame in and each answer out', async (mode) => {
    const { host, framesReplayed } = await replayCapture(mode, 'zero');
    const received = framesReplayed - DROPS.NIC_FILTER;
    const sent = Object.values(ANSWERS).reduce((a, b) => a + b);
    expect([received, sent]).toEqual([228, 24]);
    expect(host.nic.dev.stats.tx_packets).toBe(sent + 2 * ANSWERS.fragmentedReplies);
    expect(host.irqs()).toBe(LINK_UP + received + sent);
    expect(host.polls()).toBe(LINK_UP + received + sent);
  });

  it('software that takes time: frames that come during a poll share it', async () => {
    const [msi, intx] = [await replayCapture('msi', 'lumped'), await replayCapture('intx', 'lumped')];
    // The polls see all 228 frames and 32 sent ones in fewer turns; the kind of interrupt changes neither number.
    expect(msi.host.polls()).toBeLessThan(253);
    expect([intx.host.irqs(), intx.host.polls()]).toEqual([msi.host.irqs(), msi.host.polls()]);
    expect(msi.host.napi.napis[0]?.packets).toBe(228);
  });
});
