import { describe, expect, it } from 'vitest';
import { createNetwork, type Host, type Network } from '../../src/host/index.js';
import type { Process, SysError } from '../../src/syscalls/index.js';
import { AF_INET, AF_INET6, MSG_DONTWAIT, SOCK_DGRAM } from '../../src/uapi/index.js';
import { corrupt, drop, duplicate, reorder } from '../../src/wire/index.js';
import { assertNetwork } from '../support/conservation.js';
import { pair, text } from '../support/pair.js';

const FOUR = { address: '10.0.0.2', port: 7000 };
const SIX = { address: 'fd00::2', port: 7000 };

/** A daemon that keeps what it gets on port 7000. */
function collect(host: Host, family: number = AF_INET): Uint8Array[] {
  const got: Uint8Array[] = [];
  host.spawn(
    async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      sys.bind(fd, { address: family === AF_INET ? '0.0.0.0' : '::', port: 7000 });
      for (;;) got.push((await sys.recvfrom(fd, 65536)).data);
    },
    { daemon: true },
  );
  return got;
}

/** Sends each payload, `gap` apart, and leaves time for the last one. */
function sendAll(
  host: Host,
  to: { address: string; port: number },
  payloads: readonly (string | Uint8Array)[],
  gap: string = '100us',
): Process<void> {
  return host.spawn(async (sys) => {
    const fd = sys.socket(to.address.includes(':') ? AF_INET6 : AF_INET, SOCK_DGRAM);
    for (const p of payloads) {
      await sys.sendto(fd, p, 0, to);
      await sys.sleep(gap);
    }
    await sys.sleep('50ms');
  });
}

const words = (n: number): string[] => Array.from({ length: n }, (_, i) => `#${i}`);

describe('topologies', () => {
  it('three hosts on a switch: each reaches each, and the switch learns', async () => {
    const net = createNetwork({ checked: true });
    const hub = net.switch();
    const hosts = [1, 2, 3].map((i) => {
      const host = net.host(`h${i}`, { addresses: [`10.0.0.${i}/24`, `fd00::${i}/64`] });
      net.wire(host, hub);
      return host;
    });
    const got = hosts.map((h) => collect(h));
    for (const [i, host] of hosts.entries()) {
      for (const j of [1, 2, 3])
        if (j !== i + 1) sendAll(host, { address: `10.0.0.${j}`, port: 7000 }, [`${i + 1}->${j}`, 'again']);
    }
    await net.run();
    expect(got.map((g) => g.map(text).sort())).toEqual([
      ['2->1', '3->1', 'again', 'again'],
      ['1->2', '3->2', 'again', 'again'],
      ['1->3', '2->3', 'again', 'again'],
    ]);
    // Frames between two hosts are not flooded to the third once the switch knows them: its NIC had to filter few.
    for (const host of hosts) expect(host.drops()['NIC_FILTER'] ?? 0).toBeLessThan(4);
    assertNetwork(net);
  });

  it('a host with two NICs: each wire its own network', async () => {
    const net = createNetwork({ checked: true });
    const middle = net.host('m', { addresses: ['10.0.0.2/24'], nics: [{ addresses: ['10.1.0.2/24'] }] });
    const left = net.host('l', { addresses: ['10.0.0.1/24'] });
    const right = net.host('r', { addresses: ['10.1.0.1/24'] });
    net.wire(left, middle);
    net.wire(right, middle);
    const got = collect(middle);
    sendAll(left, FOUR, ['from the left']);
    sendAll(right, { address: '10.1.0.2', port: 7000 }, ['from the right']);
    await net.run();
    expect(got.map(text).sort()).toEqual(['from the left', 'from the right']);
    assertNetwork(net);
  });

  it('IPv6 by neighbour discovery: solicited, answered, cached', async () => {
    const { net, a, b } = pair();
    const got = collect(b, AF_INET6);
    sendAll(a, SIX, ['one', 'two']);
    await net.run();
    expect(got.map(text)).toEqual(['one', 'two']);
    expect(a.inet.neighbours()).toContainEqual(expect.objectContaining({ address: 'fd00::2' }));
    expect(a.inet.snmp()['Icmp6']).toMatchObject({ OutMsgs: expect.any(Number) });
    assertNetwork(net);
  });
});

describe('a link changed in mid-run', () => {
  it('down and up again: what was under way is lost, what waited for its neighbour is sent then', async () => {
    const { net, a, b, link } = pair({}, {}, { delay: '1ms' });
    const got = collect(b);
    a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      const say = (word: string): Promise<number> => sys.sendto(fd, word, 0, FOUR);
      await say('before');
      await sys.sleep('5ms');
      await say('under way');
      await sys.sleep('100us');
      link.down();
      await sys.sleep('1ms');
      expect([a.nic.dev.carrier, b.nic.dev.carrier]).toEqual([false, false]);
      // Without carrier the neighbour is asked again in vain; the kernel asks once a second.
      await say('in the dark');
      await sys.sleep('1ms');
      link.up();
      await sys.sleep('1ms');
      await say('after');
      await sys.sleep('2s');
    });
    await net.run();
    expect(got.map(text)).toEqual(['before', 'in the dark', 'after']);
    expect(link.a.stats().drops).toEqual({ WIRE_DROP_DOWN: 1 });
    expect(a.drops()).toEqual({ QDISC_DROP: 1 });
    assertNetwork(net);
  });

  it('setFaults: the rules hold from then on, one direction only', async () => {
    const { net, a, b, link } = pair();
    const got = collect(b);
    const p = sendAll(a, FOUR, words(20));
    await net.run({ until: '1050us' });
    link.setFaults([drop({ every: 2 })], 'a->b');
    await net.run();
    expect(p.status).toBe(0);
    expect(got.map(text)).toEqual([...words(11), ...words(20).filter((_, i) => i >= 11 && i % 2 === 1)]);
    expect(link.a.stats().drops).toEqual({ WIRE_DROP_FAULT: 4 });
    assertNetwork(net);
  });
});

describe('datagrams', () => {
  it.each([
    ['IPv4', FOUR, AF_INET, 65507],
    ['IPv6', SIX, AF_INET6, 65527],
  ])('the largest over %s on a faulty link: whole or not at all', async (_name, to, family, size) => {
    const { net, a, b } = pair(
      {},
      {},
      {
        faults: [
          drop({ ratio: '1/200' }),
          duplicate({ ratio: '1/50' }),
          reorder({ ratio: '1/20', by: 3 }),
          corrupt({ ratio: '1/300' }),
        ],
      },
    );
    const got = collect(b, family);
    const payload = new Uint8Array(size).map((_, i) => (i * i) >> 3);
    sendAll(a, to, Array(20).fill(payload), '2ms');
    await net.run();
    // Each needs 45 frames: some are lost, the others are whole, and none comes twice (a second last fragment completes nothing).
    expect(got.length).toBeGreaterThan(3);
    expect(got.length).toBeLessThan(20);
    for (const data of got) expect(Buffer.compare(data, payload)).toBe(0);
    assertNetwork(net);
  });

  it('a closed port: ICMP port unreachable makes the connected socket refuse', async () => {
    const { net, a, b } = pair();
    const p = a.spawn(async (sys) => {
      const codes: string[] = [];
      for (const to of [FOUR, SIX]) {
        const fd = sys.socket(to === FOUR ? AF_INET : AF_INET6, SOCK_DGRAM);
        await sys.connect(fd, to);
        await sys.send(fd, 'x');
        await sys.sleep('1ms');
        await sys.recvfrom(fd, 10, MSG_DONTWAIT).catch((e: SysError) => codes.push(e.code));
        await sys.recvfrom(fd, 10, MSG_DONTWAIT).catch((e: SysError) => codes.push(e.code));
      }
      return codes;
    });
    await net.run();
    expect(p.result).toEqual(['ECONNREFUSED', 'EAGAIN', 'ECONNREFUSED', 'EAGAIN']);
    expect(b.drops()).toEqual({ NO_SOCKET: 2 });
    assertNetwork(net);
  });

  it('two networks in one process: neither sees the other', async () => {
    const run = async (seed: number, also?: Network): Promise<string> => {
      const { net, a, b } = pair({ seed, costs: 'lumped' }, {}, { faults: [drop({ ratio: '1/5' })] });
      const got = collect(b);
      sendAll(a, FOUR, words(30));
      await Promise.all([net.run(), also?.run()]);
      return `${net.digest()} ${got.map(text).join()}`;
    };
    const alone = await run(1);
    const other = pair({ seed: 2 });
    collect(other.b);
    sendAll(other.a, FOUR, words(30));
    expect(await run(1, other.net)).toBe(alone);
  });
});

describe('interrupts and rings', () => {
  const flood = async (options: {
    rx_usecs?: number;
    ring?: number;
    cpus?: number;
    costs?: 'zero' | 'lumped';
  }): Promise<{ host: Host; got: string[] }> => {
    const { net, a, b } = pair({ costs: options.costs ?? 'zero' }, options);
    const got = collect(b);
    sendAll(a, FOUR, words(300), '10us');
    await net.run();
    assertNetwork(net);
    return { host: b, got: got.map(text) };
  };

  it('rx_usecs: fewer interrupts, the same datagrams', async () => {
    const plain = await flood({});
    const moderated = await flood({ rx_usecs: 200 });
    expect(moderated.got).toEqual(plain.got);
    expect(plain.host.irqs()).toBeGreaterThan(300);
    // 300 datagrams in 3 ms: a window of 200 us opens with an interrupt and may end with one.
    expect(moderated.host.irqs()).toBeLessThan(40);
  });

  it('rings of 64: they wrap, and nothing is lost', async () => {
    const { got } = await flood({ ring: 64, costs: 'lumped' });
    expect(got).toEqual(words(300));
  });

  it('two CPUs: the same datagrams', async () => {
    expect((await flood({ cpus: 2, costs: 'lumped' })).got).toEqual(words(300));
  });

  it('two programs on two CPUs sending at once over one NIC: descriptors and tail stay in step', async () => {
    const { net, a, b } = pair({ costs: 'lumped' }, { cpus: 2 });
    const got = collect(b);
    // The link comes up first: its interrupt and the programs take time, on different CPUs.
    await net.run();
    for (const cpu of [0, 1]) {
      a.spawn(
        async (sys) => {
          const fd = sys.socket(AF_INET, SOCK_DGRAM);
          for (let i = 0; i < 100; i++) {
            await sys.sendto(fd, `${cpu}/${i}`, 0, FOUR);
            await sys.sleep(15_000 + 37 * cpu);
          }
          await sys.sleep('5ms');
        },
        { cpu },
      );
    }
    await net.run();
    expect(Object.values(a.nic.chip.txErrors)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const cpu of [0, 1]) {
      const mine = got.map(text).filter((w) => w.startsWith(`${cpu}/`));
      expect(mine).toEqual(Array.from({ length: 100 }, (_, i) => `${cpu}/${i}`));
    }
    assertNetwork(net);
  });
});

describe('before the clock starts', () => {
  it('costs and two CPUs: a datagram sent at time 0 on the second one arrives', async () => {
    const { net, a, b } = pair({ costs: 'lumped' }, { cpus: 2 });
    const p = b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      await sys.recvfrom(fd, 10);
      return sys.clock_gettime();
    });
    a.spawn(
      async (sys) => {
        await sys.sendto(sys.socket(AF_INET, SOCK_DGRAM), 'x', 0, { address: '10.0.0.2', port: 7000 });
      },
      { cpu: 1 },
    );
    await net.run();
    expect(p.result).toBeLessThan(1_000_000);
  });
});
