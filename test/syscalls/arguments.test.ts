import { describe, expect, it } from 'vitest';
import { DeadlockError } from '../../src/sim/index.js';
import type { Op, Sys } from '../../src/syscalls/index.js';
import {
  AF_INET,
  AF_INET6,
  F_GETFL,
  F_SETFL,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  O_APPEND,
  O_NONBLOCK,
  O_RDWR,
  POLLIN,
  SHUT_RD,
  SO_BROADCAST,
  SOCK_DGRAM,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { pair } from '../support/pair.js';

const PEER = { address: '10.0.0.2', port: 7000 };

/** What one call on a bound socket comes to: its value or the code of its error. */
async function answer(call: (sys: Sys, fd: number) => unknown): Promise<unknown> {
  const { net, a } = pair();
  const process = a.spawn(async (sys) => {
    const fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.bind(fd, { address: '10.0.0.1', port: 5 });
    try {
      return await call(sys, fd);
    } catch (e) {
      return (e as { code: string }).code;
    }
  });
  await net.run();
  return process.result;
}

/** A call that waits must not throw: what it throws is no answer here. */
function late(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return call();
  } catch (e) {
    return Promise.resolve(`thrown at once: ${String(e)}`);
  }
}

describe('a socket shut down for reading', () => {
  it.each([
    [AF_INET, '0.0.0.0'],
    [AF_INET6, '::'],
  ])('family %d, recvfrom: no data, from %s and port 0', async (family, address) => {
    const { net, a } = pair();
    const process = a.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      await sys.connect(fd, { address: family === AF_INET ? '10.0.0.2' : 'fd00::2', port: 7000 });
      sys.shutdown(fd, SHUT_RD);
      return sys.recvfrom(fd, 10);
    });
    await net.run();
    expect(process.result).toMatchObject({ data: new Uint8Array(0), from: { family, address, port: 0 } });
  });
});

describe('arguments no kernel would take', () => {
  it.each<[string, (sys: Sys, fd: number) => unknown, unknown]>([
    ['sendto of a number', (s, fd) => s.sendto(fd, 5 as never, 0, PEER), 'EFAULT'],
    ['sendto of an ArrayBuffer', (s, fd) => s.sendto(fd, new ArrayBuffer(4) as never, 0, PEER), 'EFAULT'],
    ['sendto of wider elements', (s, fd) => s.sendto(fd, new Uint16Array(4) as never, 0, PEER), 'EFAULT'],
    ['sendto to null', (s, fd) => late(() => s.sendto(fd, 'x', 0, null as never)), 'ERR_INVALID_ADDRESS'],
    [
      'sendto to port 70000',
      (s, fd) => late(() => s.sendto(fd, 'x', 0, { ...PEER, port: 70000 })),
      'ERR_INVALID_ADDRESS',
    ],
    ['connect to nothing', (s, fd) => late(() => s.connect(fd, undefined as never)), 'ERR_INVALID_ADDRESS'],
    ['connect to an empty object', (s, fd) => late(() => s.connect(fd, {} as never)), 'ERR_INVALID_ADDRESS'],
    ['bind to nothing', (s, fd) => s.bind(fd, undefined as never), 'ERR_INVALID_ADDRESS'],
    ['bind to an empty object', (s, fd) => s.bind(fd, {} as never), 'ERR_INVALID_ADDRESS'],
    ['sleep for a while', (s) => late(() => s.sleep('a while')), 'UNIT'],
    ['sleep for nothing', (s) => late(() => s.sleep(undefined as never)), 'UNIT'],
    ['recvfrom of the error queue, empty', (s, fd) => s.recvfrom(fd, 10, MSG_ERRQUEUE), 'EAGAIN'],
    ['recvfrom into nothing', (s, fd) => s.recvfrom(fd, null as never, MSG_DONTWAIT), 'EFAULT'],
    ['recvfrom into wider elements', (s, fd) => s.recvfrom(fd, new Uint16Array(4) as never, MSG_DONTWAIT), 'EFAULT'],
    ['recvfrom of 2^40 bytes', (s, fd) => s.recvfrom(fd, 2 ** 40, MSG_DONTWAIT), 'EAGAIN'],
    ['poll for NaN', (s) => s.poll([], Number.NaN), 'EINVAL'],
    ['poll for ever and a day', (s) => s.poll([], Number.POSITIVE_INFINITY), 'EINVAL'],
    ['poll for half a nanosecond', (s) => s.poll([], 0.0000005), 'EINVAL'],
    ['poll of nothing', (s) => s.poll(undefined as never, 5), 'EFAULT'],
    ['poll of null', (s) => s.poll([null as never], 5), 'EFAULT'],
    ['poll of what cannot be written', (s, fd) => s.poll([Object.freeze({ fd, events: POLLIN })], 5), 'EFAULT'],
    ['setsockopt of true', (s, fd) => s.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, true as never), 'EFAULT'],
    ['setsockopt of NaN', (s, fd) => s.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, Number.NaN), 'EINVAL'],
  ])('%s', async (_name, call, expected) => {
    expect(await answer(call)).toBe(expected);
  });

  it('an exit status keeps its low eight bits', async () => {
    const { net, a } = pair();
    const process = a.spawn((sys) => sys.exit(-1));
    await net.run();
    expect(process.status).toBe(255);
  });
});

describe('synchronous programs', () => {
  it('one that throws: the run ends with it, the process has status 1, the rest goes on', async () => {
    const { net, a, b } = pair();
    const bad = a.spawn({
      step(): number {
        throw new RangeError('mine');
      },
    });
    const good = b.spawn(async (sys) => sys.sleep('1ms').then(() => 'done'));
    await expect(net.run()).rejects.toThrow('mine');
    expect([bad.exited, bad.status]).toEqual([true, 1]);
    await net.run();
    expect(good.result).toBe('done');
  });

  it('an operation list that waits for ever: the deadlock names its call', async () => {
    const { net, a } = pair();
    const ops: Op[] = [
      { call: 'socket', fd: 's', family: AF_INET, type: SOCK_DGRAM },
      { call: 'recvfrom', fd: 's', length: 10 },
    ];
    a.spawn(ops, { name: 'list' });
    const error = await net.run().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as Error).message).toContain('a pid 1 (list) in recvfrom fd 3');
  });
});

describe('a copied program that does something else when it is run again', () => {
  const first = { ran: false };
  it.each<[string, (sys: Sys) => unknown]>([
    ['another call that returns at once', (sys) => (first.ran ? sys.socket(AF_INET, SOCK_DGRAM) : sys.clock_gettime())],
    ['another call that waits', (sys) => (first.ran ? sys.poll([], 1) : sys.sleep('1ms'))],
    ['a smaller buffer', (sys) => receive(sys, first.ran ? 1 : 8)],
  ])('%s: ERR_SOFTIRQ_REPLAY_DIVERGED', async (_name, call) => {
    const { net, a } = pair({ record: true });
    first.ran = false;
    a.spawn(async (sys) => {
      await call(sys);
      await sys.sleep('1s');
    });
    await net.run({ until: '500ms' });
    first.ran = true;
    const copy = net.snapshot().restore();
    await expect(copy.run()).rejects.toMatchObject({ code: 'ERR_SOFTIRQ_REPLAY_DIVERGED' });
  });
});

/** Sends itself eight bytes and receives them into `length` bytes. */
async function receive(sys: Sys, length: number): Promise<void> {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  sys.bind(fd, { address: '127.0.0.1', port: 5 });
  await sys.sendto(fd, 'eight by', 0, { address: '127.0.0.1', port: 5 });
  await sys.recvfrom(fd, new Uint8Array(length));
}

describe('fcntl', () => {
  it('F_SETFL with a flag that is not modelled: EINVAL, and nothing changes', async () => {
    expect(await answer((sys, fd) => sys.fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK))).toBe('EINVAL');
    const kept = await answer((sys, fd) => {
      try {
        sys.fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK);
      } catch {
        return sys.fcntl(fd, F_GETFL);
      }
    });
    expect(kept).toBe(O_RDWR);
  });

  it('F_SETFL with the access mode: passed over, as in Linux', async () => {
    expect(await answer((sys, fd) => sys.fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK))).toBe(0);
  });
});
