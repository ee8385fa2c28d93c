import { describe, expect, it } from 'vitest';
import { cpu_stats } from '../../src/cpu/index.js';
import {
  GRO_DROP,
  GRO_NORMAL,
  napi_complete_done,
  napi_gro_receive,
  napi_schedule,
  softnet_stat,
} from '../../src/napi/index.js';
import {
  dev_add_pack,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  netif_rx,
  type PacketHandler,
  SKB_DROP_REASON_CPU_BACKLOG,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  type SkBuff,
} from '../../src/skbuff/index.js';
import { costs } from '../cpu/support.js';
import { type Rig, rig } from './support.js';

const ETH_P_TEST = 0x88b5;

class Receiver implements PacketHandler {
  readonly seen: number[] = [];
  onPacket: (skb: SkBuff) => void = () => {};
  rcv(skb: SkBuff): number {
    this.seen.push(skb.mark);
    this.onPacket(skb);
    kfree_skb_reason(skb, SKB_DROP_REASON_UNHANDLED_PROTO);
    return NET_RX_SUCCESS;
  }
}

function packet(r: Rig, mark: number, protocol: number = ETH_P_TEST): SkBuff {
  const skb = r.net.pool.alloc_skb(128);
  if (skb === null) throw new Error('no skb');
  skb.dev = r.dev;
  skb.protocol = protocol;
  skb.mark = mark;
  return skb;
}

function receiver(r: Rig): Receiver {
  const func = new Receiver();
  dev_add_pack(r.net, { type: ETH_P_TEST, dev: null, func });
  return func;
}

describe('backlog', () => {
  it('empty, more than fits: holds 1001, drops the rest with a reason', () => {
    const r = rig();
    const rx = receiver(r);
    const results: number[] = [];
    for (let i = 0; i < 1005; i++) results.push(netif_rx(packet(r, i)));
    expect(results.filter((x) => x === NET_RX_SUCCESS)).toHaveLength(1001);
    expect(results.slice(1001)).toEqual([NET_RX_DROP, NET_RX_DROP, NET_RX_DROP, NET_RX_DROP]);
    expect(r.net.drops[SKB_DROP_REASON_CPU_BACKLOG]).toBe(4);
    expect(r.dev.stats.rx_dropped).toBe(4);
    expect(softnet_stat(r.softnet).split(' ')[11]).toBe('000003e9');
    r.run();
    expect(rx.seen).toEqual(Array.from({ length: 1001 }, (_v, i) => i));
    expect(softnet_stat(r.softnet)).toBe(
      '000003e9 00000004 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n',
    );
  });

  it('idle, a packet sent by a receiver: is received in turn; nothing is left behind', () => {
    const r = rig();
    const rx = receiver(r);
    rx.onPacket = (skb) => {
      if (skb.mark < 200) netif_rx(packet(r, skb.mark + 1));
    };
    r.irq(0, () => netif_rx(packet(r, 0)));
    r.run();
    expect(rx.seen).toHaveLength(201);
    expect(r.softnet.data[0].backlog.state).toBe(0);
    netif_rx(packet(r, 500));
    r.run();
    expect(rx.seen).toHaveLength(202);
  });

  it('from a task block: polled at the end of that block, each packet charged as one received', () => {
    const r = rig({ costs: costs({ rx_packet: 430 }) });
    const rx = receiver(r);
    r.irq(0, () => {
      for (let i = 0; i < 3; i++) netif_rx(packet(r, i));
    });
    r.run();
    expect(rx.seen).toEqual([0, 1, 2]);
    expect(cpu_stats(r.set.cpus[0]).softirq).toBe(3 * 430);
  });
});

describe('softnet_stat', () => {
  it('two cpus: a line each, 15 columns of 8 hex digits', () => {
    const r = rig({ cpus: 2, params: { netdev_budget: 1 } });
    receiver(r);
    const n = r.napi((napi) => {
      for (let i = 0; i < 17; i++) napi_gro_receive(napi, packet(r, i));
      napi_complete_done(napi, 17);
      return 17;
    });
    r.irq(0, () => napi_schedule(n), 1);
    r.run();
    const lines = softnet_stat(r.softnet).split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines.slice(0, 2)) expect(line).toMatch(/^([0-9a-f]{8} ){14}[0-9a-f]{8}$/);
    const second = lines[1].split(' ').map((x) => Number.parseInt(x, 16));
    expect(second).toEqual([17, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('napi_gro_receive: the packet goes up as it is; dropped when nobody wants it', () => {
    const r = rig();
    const rx = receiver(r);
    const results: number[] = [];
    const n = r.napi((napi) => {
      results.push(napi_gro_receive(napi, packet(r, 7)), napi_gro_receive(napi, packet(r, 8, 0x1234)));
      napi_complete_done(napi, 2);
      return 2;
    });
    napi_schedule(n);
    r.run();
    expect(results).toEqual([GRO_NORMAL, GRO_DROP]);
    expect(rx.seen).toEqual([7]);
  });
});
