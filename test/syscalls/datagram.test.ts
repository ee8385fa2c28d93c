import { describe, expect, it } from 'vitest';
import { DeadlockError } from '../../src/sim/index.js';
import { SysError } from '../../src/syscalls/index.js';
import {
  AF_INET,
  AF_INET6,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  POLLIN,
  POLLNVAL,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from '../../src/uapi/index.js';
import { pair, text } from '../support/pair.js';

const B4 = { address: '10.0.0.2', port: 7000 };
const B6 = { address: 'fd00::2', port: 7000 };

describe.each([
  ['IPv4', AF_INET, '0.0.0.0', B4, '10.0.0.1'],
  ['IPv6', AF_INET6, '::', B6, 'fd00::1'],
])('%s datagrams', (_name, family, any, server, client) => {
  it('bound sendto: recvfrom gives data and sender', async () => {
    const { net, a, b } = pair();
    const receiver = b.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      sys.bind(fd, { address: any, port: 7000 });
      const { data, from, flags } = await sys.recvfrom(fd, 2048);
      return { text: text(data), address: from.address, port: from.port, flags };
    });
    a.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      sys.bind(fd, { address: any, port: 4242 });
      expect(await sys.sendto(fd, 'hello', 0, server)).toBe(5);
    });
    await net.run();
    expect(receiver.result).toEqual({ text: 'hello', address: client, port: 4242, flags: 0 });
  });

  it('connected send: echo comes back by recv', async () => {
    const { net, a, b } = pair();
    b.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      sys.bind(fd, { address: any, port: 7000 });
      const { data, from } = await sys.recvfrom(fd, 65536);
      await sys.sendto(fd, data, 0, from);
    });
    const message = new Uint8Array(9000).map((_, i) => i * 7);
    const p = a.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      await sys.connect(fd, server);
      expect(sys.getpeername(fd)).toMatchObject(server);
      await sys.send(fd, message);
      const buffer = new Uint8Array(65536);
      const n = await sys.recv(fd, buffer);
      return buffer.slice(0, n);
    });
    await net.run();
    expect(p.result).toEqual(message);
  });

  it('connected send to a closed port: the next call is ECONNREFUSED', async () => {
    const { net, a } = pair();
    const p = a.spawn(async (sys) => {
      const fd = sys.socket(family, SOCK_DGRAM);
      await sys.connect(fd, server);
      await sys.send(fd, 'anyone?');
      return sys.recvfrom(fd, 100).then(
        () => 'data',
        (e: SysError) => `${e.code} ${e.errno} ${e.syscall}`,
      );
    });
    await net.run();
    expect(p.result).toBe('ECONNREFUSED -111 recvfrom');
  });
});

describe('blocking and not', () => {
  it('empty queue with MSG_DONTWAIT or SOCK_NONBLOCK: EAGAIN', async () => {
    const { net, a } = pair();
    const p = a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      const nonblocking = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK);
      const codes: string[] = [];
      const keep = (e: SysError): void => void codes.push(e.code);
      await sys.recvfrom(fd, 10, MSG_DONTWAIT).catch(keep);
      await sys.recvfrom(nonblocking, 10).catch(keep);
      sys.setNonblocking(nonblocking, false);
      sys.setNonblocking(fd);
      await sys.recvfrom(fd, 10).catch(keep);
      return codes;
    });
    await net.run();
    expect(p.result).toEqual(['EAGAIN', 'EAGAIN', 'EAGAIN']);
  });

  it('two readers of one socket: each datagram wakes one', async () => {
    const { net, a, b } = pair();
    const p = b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      const both = await Promise.all([sys.recvfrom(fd, 10), sys.recvfrom(fd, 10)]);
      return both.map((r) => text(r.data));
    });
    a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.sendto(fd, 'one', 0, B4);
      await sys.sleep('1ms');
      await sys.sendto(fd, 'two', 0, B4);
    });
    await net.run();
    expect(p.result).toEqual(['one', 'two']);
  });

  it('short buffer: the rest is lost and MSG_TRUNC says so', async () => {
    const { net, a, b } = pair();
    const p = b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      const peeked = await sys.recvfrom(fd, 4, MSG_PEEK);
      const length = await sys.recvfrom(fd, new Uint8Array(2), MSG_TRUNC | MSG_PEEK);
      const cut = await sys.recvfrom(fd, 3);
      const next = await sys.recvfrom(fd, 100);
      return [text(peeked.data), length, text(cut.data), cut.flags, text(next.data)];
    });
    a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.sendto(fd, 'first message', 0, B4);
      await sys.sendto(fd, 'second', 0, B4);
    });
    await net.run();
    expect(p.result).toEqual(['firs', 13, 'fir', MSG_TRUNC, 'second']);
  });
});

describe('poll', () => {
  it('nothing ready until the time-out: 0', async () => {
    const { net, a } = pair();
    const p = a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      const start = sys.clock_gettime();
      const n = await sys.poll([{ fd, events: POLLIN }], 5);
      return [n, sys.clock_gettime() - start];
    });
    await net.run();
    expect(p.result).toEqual([0, 5_000_000]);
  });

  it('data on the second descriptor: 1 and its revents; a closed one is POLLNVAL', async () => {
    const { net, a, b } = pair();
    const p = b.spawn(async (sys) => {
      const fds = [7001, 7000].map((port) => {
        const fd = sys.socket(AF_INET, SOCK_DGRAM);
        sys.bind(fd, { address: '0.0.0.0', port });
        return { fd, events: POLLIN, revents: -1 };
      });
      const n = await sys.poll(fds);
      const closed = [{ fd: 99, events: POLLIN, revents: 0 }];
      const m = await sys.poll(closed);
      return [n, fds.map((f) => f.revents), m, closed[0]?.revents];
    });
    a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.sendto(fd, 'x', 0, B4);
    });
    await net.run();
    expect(p.result).toEqual([1, [0, POLLIN], 1, POLLNVAL]);
  });
});

describe('processes', () => {
  it('blocked for ever: DeadlockError names pid, call and descriptor', async () => {
    const { net, b } = pair();
    b.spawn(async function waiter(sys) {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.recvfrom(fd, 10);
    });
    const error = await net.run().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as DeadlockError).blocked).toEqual([
      { host: 'b', pid: 1, name: 'waiter', syscall: 'recvfrom', fd: 3 },
    ]);
  });

  it('a daemon never holds the run', async () => {
    const { net, a, b } = pair();
    b.spawn(async (sys) => void (await sys.recvfrom(sys.socket(AF_INET, SOCK_DGRAM), 1)), { daemon: true });
    a.spawn(async (sys) => sys.sleep('3ms'));
    expect((await net.run()).reason).toBe('exited');
    expect(net.now).toBe(3_000_000);
  });

  it('a program that throws: the run rejects with that very error', async () => {
    const { net, a, b } = pair();
    const boom = new Error('boom');
    a.spawn(async (sys) => {
      await sys.sleep(10);
      throw boom;
    });
    b.spawn(async (sys) => sys.sleep('1s'));
    await expect(net.run()).rejects.toBe(boom);
    expect(net.now).toBe(10);
  });

  it('exit inside a program: status, descriptors closed, port free again', async () => {
    const { net, b } = pair();
    const p = b.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: 7000 });
      sys.exit(3);
    });
    await net.run();
    expect(p.status).toBe(3);
    expect(p.fds.open()).toEqual([]);
    const q = b.spawn(async (sys) => sys.bind(sys.socket(AF_INET, SOCK_DGRAM), { address: '0.0.0.0', port: 7000 }));
    await net.run();
    expect(q.status).toBe(0);
  });

  it('descriptors: lowest free first, EMFILE at the limit, EBADF after close', async () => {
    const { net, a } = pair();
    const p = a.spawn(async (sys) => {
      const first = sys.socket(AF_INET, SOCK_DGRAM);
      const second = sys.socket(AF_INET, SOCK_DGRAM);
      await sys.close(first);
      const again = sys.socket(AF_INET, SOCK_DGRAM);
      let opened = 2;
      try {
        for (;;) {
          sys.socket(AF_INET, SOCK_DGRAM);
          opened++;
        }
      } catch (e) {
        await sys.close(second);
        const bad = await sys.close(second).catch((x: SysError) => x.code);
        return [first, second, again, opened, (e as SysError).code, bad];
      }
    });
    await net.run();
    expect(p.result).toEqual([3, 4, 3, 1021, 'EMFILE', 'EBADF']);
  });

  it('setsockopt SO_RCVBUF: stored doubled, as Linux does', async () => {
    const { net, a } = pair();
    const p = a.spawn(async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 10_000);
      return sys.getsockopt(fd, SOL_SOCKET, SO_RCVBUF);
    });
    await net.run();
    expect(p.result).toBe(20_000);
  });

  it('a SysError is one across copies of the library', () => {
    const twin = Object.assign(new Error('x'), { [Symbol.for('softirq.SysError')]: true });
    expect(twin).toBeInstanceOf(SysError);
    expect(new Error('x')).not.toBeInstanceOf(SysError);
  });
});

describe('what lies outside', () => {
  it('a program that never stops calling: an abort and a timer still get through', async () => {
    const { net, a } = pair();
    const abort = new AbortController();
    a.spawn(async (sys) => {
      for (;;) await sys.sleep('1us');
    });
    setTimeout(() => abort.abort(new Error('enough')), 1);
    await expect(net.run({ signal: abort.signal })).rejects.toThrow('enough');
  });

  it('a recorded program that has awaited a timer of the platform: snapshot refuses and says why', async () => {
    const { net, a } = pair({ record: true });
    a.spawn(async (sys) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await sys.sleep('1s');
    });
    await net.run({ until: '10ms' });
    expect(() => net.snapshot()).toThrow(/has awaited something outside the simulation/);
  });
});
