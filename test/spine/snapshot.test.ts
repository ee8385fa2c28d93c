import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNetwork, type Network } from '../../src/host/index.js';
import type { Op, OpListProgram, OpResult, Process } from '../../src/syscalls/index.js';
import { AF_INET, AF_INET6, formatMac, POLLIN, SOCK_DGRAM } from '../../src/uapi/index.js';
import { corrupt, delay, drop, duplicate, reorder } from '../../src/wire/index.js';
import { assertNetwork } from '../support/conservation.js';
import { runs } from '../support/fc.js';
import { pair, text } from '../support/pair.js';

const FAULTS = [
  drop({ ratio: '1/12' }),
  duplicate({ ratio: '1/12' }),
  delay({ ratio: '1/6', by: '25us', jitter: '20us' }),
  reorder({ ratio: '1/12', by: 2 }),
  corrupt({ ratio: '1/12' }),
];

const payload = (length: number): Uint8Array => new Uint8Array(length).map((_, i) => i * 7 + length);

/** Datagrams of many sizes, some in fragments, over one family; the receiver echoes each. */
function sender(family: number): Op[] {
  const to = { address: family === AF_INET ? '10.0.0.2' : 'fd00::2', port: 7000 };
  const body = [30, 1400, 4000, 600].flatMap((length): Op[] => [
    { call: 'sendto', fd: 's', data: payload(length), to },
    { call: 'sleep', duration: '13us' },
  ]);
  return [
    { call: 'socket', fd: 's', family, type: SOCK_DGRAM },
    { call: 'repeat', times: 8, body },
    { call: 'sleep', duration: '200us' },
  ];
}

function echoer(family: number): Op[] {
  const to = { address: family === AF_INET ? '0.0.0.0' : '::', port: 7000, family };
  return [
    { call: 'socket', fd: 's', family, type: SOCK_DGRAM },
    // The IPv6 socket takes a port of its own address only, so that both can have 7000.
    { call: 'bind', fd: 's', to: family === AF_INET ? to : { ...to, address: 'fd00::2' } },
    {
      call: 'repeat',
      times: 1_000_000,
      body: [
        { call: 'recvfrom', fd: 's', length: 65536 },
        { call: 'sendto', fd: 's', data: 'received', to: 'sender' },
      ],
    },
  ];
}

/** `a` sends to `b`, which echoes, on both families and CPUs. */
function build(interrupts: 'msi' | 'intx', seed: number): Network {
  const { net, a, b } = pair({ seed, costs: 'lumped' }, { interrupts, cpus: 2 }, { delay: '3us', faults: FAULTS });
  for (const [host, peer] of [
    [a, b],
    [b, a],
  ]) {
    // Known already: a solicitation lost would hold IPv6 back for a second.
    for (const address of host === a ? ['10.0.0.2', 'fd00::2'] : ['10.0.0.1', 'fd00::1']) {
      host.inet.addNeighbour(host.nic.dev, address, formatMac(peer.nic.dev.dev_addr));
    }
  }
  for (const [i, family] of [AF_INET, AF_INET6].entries()) {
    b.spawn(echoer(family), { daemon: true, cpu: i });
    a.spawn(sender(family), { cpu: i });
  }
  return net;
}

/** What the programs of the daemons received, read out of the state itself, so that it works for copies. */
function received(net: Network): string[] {
  const host = net.hosts.get('b');
  return (host?.kernel.processes ?? []).flatMap((p) =>
    (p as unknown as { program: OpListProgram }).program.results
      .filter((r: OpResult) => r.call === 'recvfrom')
      .map((r) => `${r.from?.address} ${r.data?.length} ${r.data?.join('').length}`),
  );
}

async function finish(net: Network): Promise<unknown> {
  await net.run();
  assertNetwork(net);
  const drops = [...net.hosts.values()].map((h) => h.drops());
  return {
    digest: net.digest(),
    received: received(net),
    drops,
    now: net.now,
    interrupts: [...net.hosts.values()].map((h) => h.interrupts()),
  };
}

describe('a network copied in mid-transfer', () => {
  it('cloned at random instants, under faults: original, clone and both restored copies go on alike', async () => {
    const scenario = fc.record({
      at: fc.integer({ min: 0, max: 99 }),
      seed: fc.integer({ min: 1, max: 5 }),
      intx: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ at, seed, intx }) => {
        const first = build(intx ? 'intx' : 'msi', seed);
        const whole = await finish(first);
        const net = build(intx ? 'intx' : 'msi', seed);
        await net.run({ until: Math.floor((first.now * at) / 100) });
        const clone = net.clone();
        const snapshot = net.snapshot();
        expect([clone.now, snapshot.now]).toEqual([net.now, net.now]);
        expect(await finish(net)).toEqual(whole);
        expect(await finish(clone)).toEqual(whole);
        expect(await finish(snapshot.restore())).toEqual(whole);
        expect(await finish(snapshot.restore())).toEqual(whole);
      }),
      { numRuns: runs(8, 100) },
    );
  });

  it('the transfer: it is one, with losses, fragments in flight and echoes', async () => {
    const net = build('msi', 1);
    await net.run({ until: 300_000 });
    expect(received(net).length).toBeGreaterThan(5);
    await net.run();
    expect(received(net).length).toBeGreaterThan(20);
    expect(net.hosts.get('b')?.drops()).toHaveProperty('NIC_CRC_ERROR');
    expect(net.hosts.get('b')?.inet.snmp()['Ip6']['ReasmOKs']).toBeGreaterThan(2);
  });

  it('a copy changed: the original does not see it', async () => {
    const net = build('msi', 1);
    await net.run({ until: 300_000 });
    const clone = net.clone();
    clone.links[0].setFaults([drop({ ratio: '1/1' })]);
    clone.hosts.get('b')?.inet.addAddress(clone.hosts.get('b')?.nic.dev as never, '10.0.0.9/24');
    await clone.run();
    expect(await finish(net)).toEqual(await finish(build('msi', 1)));
  });
});

describe('asynchronous programs', () => {
  const talk = (record: boolean): { net: Network; client: Process<string[]> } => {
    const { net, a, b } = pair(
      { record, costs: 'lumped' },
      {},
      { delay: '10us', faults: [duplicate({ ratio: '1/4' })] },
    );
    b.spawn(
      async function server(sys) {
        const fd = sys.socket(AF_INET, SOCK_DGRAM);
        sys.bind(fd, { address: '0.0.0.0', port: 7000 });
        for (;;) {
          const { data, from } = await sys.recvfrom(fd, 2048);
          await sys.sendto(fd, data, 0, from);
        }
      },
      { daemon: true },
    );
    const client = a.spawn(async function client(sys) {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      const heard: string[] = [];
      for (let n = 0; n < 10; n++) {
        await sys.sendto(fd, `ping ${n}`, 0, { address: '10.0.0.2', port: 7000 });
        await sys.sleep('7us');
        const ready = [{ fd, events: POLLIN, revents: 0 }];
        while ((await sys.poll(ready, 1)) === 0);
        expect(ready[0].revents).toBe(POLLIN);
        const { data } = await sys.recvfrom(fd, 100);
        heard.push(`${text(data)} at ${sys.clock_gettime()}`);
      }
      return heard;
    });
    return { net, client };
  };

  it('recorded and copied at any instant: run again against their log, they go on alike', async () => {
    const whole = talk(true);
    await whole.net.run();
    expect(whole.client.result?.length).toBe(10);
    const copied = talk(true);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.net.now - 1 }), async (at) => {
        const { net, client } = talk(true);
        await net.run({ until: at });
        const clone = net.snapshot().restore();
        const twin = clone.hosts.get('a')?.kernel.processes[0] as Process<string[]>;
        await clone.run();
        await net.run();
        expect(client.result).toEqual(whole.client.result);
        expect(twin.result).toEqual(whole.client.result);
        expect([net.digest(), clone.digest()]).toEqual([whole.net.digest(), whole.net.digest()]);
      }),
      { numRuns: runs(15, 150) },
    );
    expect(copied.client.result).toBeUndefined();
  });

  it('not recorded: snapshot refuses and says how to record', async () => {
    const { net } = talk(false);
    await net.run({ until: '50us' });
    expect(() => net.snapshot()).toThrow(
      /process 1 \((client|server)\) cannot be copied: its calls are not recorded \(make the network with \{ record: true \}\)/,
    );
    const error = await Promise.resolve()
      .then(() => net.clone())
      .catch((e: { code: string }) => e.code);
    expect(error).toBe('ERR_SOFTIRQ_SNAPSHOT');
  });

  it('recorded, but awaiting something outside the simulation: snapshot refuses and says so', async () => {
    const net = createNetwork({ record: true });
    const host = net.host('a', { addresses: ['10.0.0.1/24'] });
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    host.spawn(async function outsider(sys) {
      await sys.sleep('1us');
      await gate;
      await sys.sleep('1us');
    });
    const abort = new AbortController();
    const run = net.run({ signal: abort.signal }).catch((e: unknown) => e);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => net.snapshot()).toThrow(/between runs/);
    abort.abort(new Error('enough'));
    await run;
    expect(() => net.snapshot()).toThrow(
      /process 1 \(outsider\) cannot be copied: it awaits something outside the simulation/,
    );
    open();
    await net.run();
    expect(net.now).toBe(2000);
  });

  it('a program that asks something else when it is run again: the copy says it diverged', async () => {
    const { net, a } = pair({ record: true });
    let asked = 0;
    a.spawn(async function fickle(sys) {
      asked++;
      if (asked > 1) await sys.sleep('1us');
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.sleep('10us');
      await sys.close(fd);
    });
    await net.run({ until: '5us' });
    const clone = net.clone();
    const error = await clone.run().catch((e: { code: string }) => e.code);
    expect(error).toBe('ERR_SOFTIRQ_REPLAY_DIVERGED');
  });
});
