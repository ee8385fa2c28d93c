import { describe, expect, it } from 'vitest';
import { NETIF_F_HW_CSUM } from '../../src/skbuff/index.js';
import { AF_INET, AF_INET6, decodeSockaddr, EAGAIN, MSG_PEEK, MSG_TRUNC } from '../../src/uapi/index.js';
import { bind, connect, empty, pair, pattern, recv, sendto, settle, single, socket } from './support.js';

describe.each([0, NETIF_F_HW_CSUM])('UDP between two hosts, features %i', (features) => {
  it.each([
    ['10.0.0.2', AF_INET],
    ['fd00::2', AF_INET6],
  ])('a datagram to %s arrives once the neighbour is resolved, and the answer comes back', (to, family) => {
    const { a, b, sim } = pair(features);
    const sa = socket(a, family);
    const sb = socket(b, family);
    expect(bind(sb, family === AF_INET ? '0.0.0.0' : '::', 7000)).toBe(0);
    expect(sendto(sa, pattern(100), to, 7000)).toBe(100);
    expect(recv(sb).n).toBe(-EAGAIN);
    settle(sim);
    const got = recv(sb);
    expect(got.data).toEqual(pattern(100));
    const from = decodeSockaddr(got.msg.name, got.msg.namelen);
    expect(from?.address).toBe(family === AF_INET ? '10.0.0.1' : 'fd00::1');
    expect(sendto(sb, pattern(3, 9), from?.address ?? null, from?.port)).toBe(3);
    settle(sim);
    expect(recv(sa).data).toEqual(pattern(3, 9));
    sa.release();
    sb.release();
    empty(a);
    empty(b);
  });
});

describe('UDP on the loopback device', () => {
  it.each([
    ['127.0.0.1', AF_INET],
    ['127.9.9.9', AF_INET],
    ['10.0.0.1', AF_INET],
    ['0.0.0.0', AF_INET],
    ['::1', AF_INET6],
    ['::', AF_INET6],
    ['fd00::1', AF_INET6],
  ])('a socket bound to any, a datagram to %s', (to, family) => {
    const w = single();
    const rx = socket(w, family);
    expect(bind(rx, family === AF_INET ? '0.0.0.0' : '::', 5000)).toBe(0);
    const tx = socket(w, family);
    expect(sendto(tx, pattern(20), to, 5000)).toBe(20);
    expect(recv(rx).n).toBe(-EAGAIN);
    settle(w.sim);
    expect(recv(rx).data).toEqual(pattern(20));
    expect(w.fake.sent).toEqual([]);
    rx.release();
    tx.release();
    empty(w);
  });
});

describe('recvmsg', () => {
  function loaded(): ReturnType<typeof socket> {
    const w = single();
    const sk = socket(w);
    bind(sk, '127.0.0.1', 5000);
    connect(sk, '127.0.0.1', 5000);
    sendto(sk, pattern(100));
    settle(w.sim);
    return sk;
  }

  it('a long datagram and little room: cut, MSG_TRUNC set, the rest discarded', () => {
    const sk = loaded();
    const got = recv(sk, 10);
    expect([got.n, got.msg.msg_flags]).toEqual([10, MSG_TRUNC]);
    expect(got.data).toEqual(pattern(100).slice(0, 10));
    expect(recv(sk).n).toBe(-EAGAIN);
  });

  it('MSG_TRUNC returns the whole length', () => {
    expect(recv(loaded(), 10, MSG_TRUNC).n).toBe(100);
  });

  it('MSG_PEEK leaves the datagram', () => {
    const sk = loaded();
    expect(recv(sk, 100, MSG_PEEK).data).toEqual(pattern(100));
    expect(recv(sk, 100).data).toEqual(pattern(100));
    expect(recv(sk, 100).n).toBe(-EAGAIN);
  });

  it('the journey id of the packet is in the message', () => {
    expect(recv(loaded()).msg.journey).toBeGreaterThan(0);
  });
});
