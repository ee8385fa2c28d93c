import { describe, expect, it } from 'vitest';
import {
  __skb_queue_head,
  __skb_queue_tail,
  __skb_unlink,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  consume_skb,
  dev_add_pack,
  dev_close,
  dev_get_by_name,
  dev_get_flags,
  dev_mc_add,
  dev_mc_del,
  dev_open,
  dev_queue_xmit,
  dev_remove_pack,
  dev_set_mtu,
  dev_set_promiscuity,
  drops_by_reason,
  eth_type_trans,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_REGISTER,
  NETDEV_UP,
  NETIF_F_HW_CSUM,
  type Net,
  NetDevice,
  NetTxAction,
  netif_carrier_off,
  netif_carrier_on,
  netif_receive_skb,
  netif_rx,
  netif_stop_queue,
  netif_wake_queue,
  type PacketType,
  register_netdev,
  register_netdevice_notifier,
  SKB_DROP_REASON_QUEUE_PURGE,
  type SkBuff,
  SkBuffHead,
  SkbError,
  skb_bytes,
  skb_dequeue,
  skb_queue_purge_reason,
  skb_queue_splice_tail_init,
  unregister_netdev,
} from '../../src/skbuff/index.js';
import { chainOf, conserved, FakeDriver, makeNet, skbOf } from './support.js';

function up(net: Net, ops = new FakeDriver()): { dev: NetDevice; ops: FakeDriver } {
  const dev = new NetDevice(net, 'eth%d', ops);
  register_netdev(dev);
  dev_open(dev);
  return { dev, ops };
}

function frame(net: Net, dev: NetDevice, n = 1): SkBuff {
  const skb = skbOf(net, new Uint8Array(60).fill(n));
  skb.dev = dev;
  return skb;
}

class Sink {
  got: number[] = [];
  rcv(skb: SkBuff): number {
    this.got.push(skb.len);
    consume_skb(skb);
    return 0;
  }
}

describe('queues of skbs', () => {
  it('order is kept by tail, head, unlink, splice and purge', () => {
    const net = makeNet();
    const q = new SkBuffHead();
    const s = [0, 1, 2, 3].map((i) => skbOf(net, new Uint8Array(i + 1)));
    __skb_queue_tail(q, s[1]);
    __skb_queue_tail(q, s[2]);
    __skb_queue_head(q, s[0]);
    __skb_queue_tail(q, s[3]);
    __skb_unlink(s[1], q);
    expect(q.qlen).toBe(3);
    const other = new SkBuffHead();
    __skb_queue_tail(other, s[1]);
    skb_queue_splice_tail_init(q, other);
    expect([q.qlen, other.qlen]).toEqual([0, 4]);
    expect(skb_dequeue(other)).toBe(s[1]);
    expect(skb_dequeue(other)).toBe(s[0]);
    expect(skb_queue_purge_reason(other, SKB_DROP_REASON_QUEUE_PURGE)).toBe(2);
    expect(skb_dequeue(other)).toBe(null);
    expect(drops_by_reason(net)).toEqual({ QUEUE_PURGE: 2 });
  });

  it('skb on a list can be neither queued again nor freed', () => {
    const net = makeNet();
    const q = new SkBuffHead();
    const skb = skbOf(net, new Uint8Array(1));
    __skb_queue_tail(q, skb);
    expect(() => __skb_queue_tail(q, skb)).toThrow(SkbError);
    expect(() => consume_skb(skb)).toThrow(SkbError);
    expect(() => __skb_unlink(skb, new SkBuffHead())).toThrow(SkbError);
  });
});

describe('devices', () => {
  it('registered devices get free names and new indices', () => {
    const net = makeNet();
    const a = up(net).dev;
    const b = up(net).dev;
    expect([a.name, b.name, a.ifindex, b.ifindex]).toEqual(['eth0', 'eth1', 1, 2]);
    unregister_netdev(a);
    const c = up(net).dev;
    expect([c.name, c.ifindex]).toEqual(['eth0', 3]);
    expect(dev_get_by_name(net, 'eth0')).toBe(c);
    expect(register_netdev(c)).toBe(-16);
    expect(register_netdev(new NetDevice(net, 'eth1', new FakeDriver()))).toBe(-17);
  });

  it('open and close reach the driver once, with events in order', () => {
    const net = makeNet();
    const events: number[] = [];
    register_netdevice_notifier(net, { netdev_event: (e) => void events.push(e) });
    const { dev, ops } = up(net);
    dev_open(dev);
    dev_close(dev);
    dev_close(dev);
    expect([ops.opened, ops.stopped]).toEqual([1, 1]);
    expect(events).toEqual([NETDEV_REGISTER, NETDEV_UP, NETDEV_GOING_DOWN, NETDEV_DOWN]);
  });

  it('failing ndo_open leaves the device down', () => {
    const net = makeNet();
    const ops = new FakeDriver();
    ops.openError = -12;
    const dev = new NetDevice(net, 'x', ops);
    expect(dev_open(dev)).toBe(-19);
    register_netdev(dev);
    expect(dev_open(dev)).toBe(-12);
    expect(dev_get_flags(dev) & 1).toBe(0);
  });

  it('carrier shows as RUNNING and LOWER_UP', () => {
    const { dev } = up(makeNet());
    expect(dev_get_flags(dev) & 0x10041).toBe(0x10041);
    netif_carrier_off(dev);
    expect(dev_get_flags(dev) & 0x10041).toBe(0x1);
  });

  it('address lists count users and program the filter on a change', () => {
    const { dev, ops } = up(makeNet());
    const base = ops.modes;
    const mac = Uint8Array.of(1, 0, 0x5e, 0, 0, 1);
    expect([dev_mc_add(dev, mac), dev_mc_add(dev, mac)]).toEqual([0, 0]);
    expect(ops.modes).toBe(base + 1);
    expect([dev_mc_del(dev, mac), dev.mc.length, dev_mc_del(dev, mac), dev.mc.length]).toEqual([0, 1, 0, 0]);
    expect(dev_mc_del(dev, mac)).toBe(-2);
    dev_set_promiscuity(dev, 1);
    expect(dev.flags & 0x100).toBe(0x100);
    dev_set_promiscuity(dev, -1);
    expect(dev.flags & 0x100).toBe(0);
  });

  it('MTU outside its range is -EINVAL', () => {
    const { dev } = up(makeNet());
    expect([dev_set_mtu(dev, 67), dev_set_mtu(dev, 1501), dev_set_mtu(dev, 576), dev.mtu]).toEqual([-22, -22, 0, 576]);
  });
});

describe('transmission', () => {
  it('idle queue is passed by', () => {
    const net = makeNet();
    const { dev, ops } = up(net);
    expect(dev_queue_xmit(frame(net, dev))).toBe(0);
    expect([ops.taken.length, dev.qdisc.queue.qlen, dev.qdisc.packets, dev.qdisc.bytes]).toEqual([1, 0, 1, 60]);
    expect(ops.taken[0].journey).not.toBe(0);
  });

  it('stopped queue holds 1000, drops the next, and drains in order when woken', () => {
    const net = makeNet();
    const { dev, ops } = up(net, new FakeDriver(2000));
    netif_stop_queue(dev);
    for (let i = 0; i < 1000; i++) expect(dev_queue_xmit(frame(net, dev, i & 0xff))).toBe(0);
    expect(dev_queue_xmit(frame(net, dev))).toBe(1);
    expect(drops_by_reason(net)).toEqual({ QDISC_DROP: 1 });
    netif_wake_queue(dev);
    expect(ops.taken.map((s) => net.arena.u8[s.data])).toEqual(Array.from({ length: 1000 }, (_, i) => i & 0xff));
    expect(conserved(net)).toBe(true);
  });

  it('busy driver keeps the packet first in the queue', () => {
    const net = makeNet();
    const { dev, ops } = up(net, new FakeDriver(1));
    dev_queue_xmit(frame(net, dev, 1));
    net.softirq = { raise: () => undefined };
    dev_queue_xmit(frame(net, dev, 2));
    dev_queue_xmit(frame(net, dev, 3));
    expect([dev.qdisc.requeues, dev.qdisc.queue.qlen]).toEqual([1, 2]);
    ops.room = 9;
    const action = new NetTxAction(net);
    action.begin();
    while (action.step());
    expect(ops.taken.map((s) => net.arena.u8[s.data])).toEqual([1, 2, 3]);
  });

  it('driver busy in the middle of a queue keeps its order', () => {
    const net = makeNet();
    const { dev, ops } = up(net, new FakeDriver(1));
    netif_stop_queue(dev);
    for (let i = 1; i <= 4; i++) dev_queue_xmit(frame(net, dev, i));
    netif_wake_queue(dev);
    expect([ops.taken.length, dev.qdisc.requeues]).toEqual([1, 1]);
    ops.room = 9;
    netif_stop_queue(dev);
    netif_wake_queue(dev);
    expect(ops.taken.map((s) => net.arena.u8[s.data])).toEqual([1, 2, 3, 4]);
  });

  it('NET_TX sends one packet a step, 64 a device and pass, and raises itself for the rest', () => {
    const net = makeNet();
    const raised: number[] = [];
    net.softirq = { raise: (nr) => void raised.push(nr) };
    const a = up(net, new FakeDriver());
    const b = up(net, new FakeDriver());
    for (const { dev } of [a, b]) netif_stop_queue(dev);
    for (let i = 0; i < 100; i++) dev_queue_xmit(frame(net, a.dev));
    for (let i = 0; i < 3; i++) dev_queue_xmit(frame(net, b.dev));
    netif_wake_queue(a.dev);
    netif_wake_queue(b.dev);
    expect(raised).toEqual([2, 2]);
    const action = new NetTxAction(net);
    action.begin();
    action.step();
    expect([a.ops.taken.length, b.ops.taken.length]).toEqual([1, 0]);
    while (action.step());
    expect([a.ops.taken.length, b.ops.taken.length, raised.length]).toEqual([64, 3, 3]);
    action.begin();
    while (action.step());
    expect([a.ops.taken.length, net.output_queue.length]).toEqual([100, 0]);
  });

  it('device without carrier drops, and carrier loss drops what waits', () => {
    const net = makeNet();
    const { dev } = up(net);
    netif_stop_queue(dev);
    dev_queue_xmit(frame(net, dev));
    netif_carrier_off(dev);
    expect(drops_by_reason(net)).toEqual({ QUEUE_PURGE: 1 });
    expect(dev_queue_xmit(frame(net, dev))).toBe(2);
    expect(drops_by_reason(net)).toEqual({ QUEUE_PURGE: 1, QDISC_DROP: 1 });
    netif_carrier_on(dev);
    netif_wake_queue(dev);
    expect(dev_queue_xmit(frame(net, dev))).toBe(0);
  });

  it('device that cannot gets a linear packet with its checksum made', () => {
    const net = makeNet();
    const { dev, ops } = up(net);
    const skb = chainOf(net, [new Uint8Array(20), Uint8Array.of(1, 2, 3)]);
    skb.dev = dev;
    skb.ip_summed = CHECKSUM_PARTIAL;
    skb.csum_start = skb.data;
    skb.csum_offset = 4;
    dev_queue_xmit(skb);
    expect([ops.taken[0].data_len, ops.taken[0].ip_summed]).toEqual([0, CHECKSUM_NONE]);
    expect([...skb_bytes(ops.taken[0]).subarray(4, 6)]).toEqual([0xfb, 0xfd]);
    dev.features = NETIF_F_HW_CSUM;
    const hw = frame(net, dev);
    hw.ip_summed = CHECKSUM_PARTIAL;
    dev_queue_xmit(hw);
    expect(ops.taken[1].ip_summed).toBe(CHECKSUM_PARTIAL);
  });

  it('device without queue that loops into itself ends as a drop, not in recursion', () => {
    const net = makeNet();
    const dev = new NetDevice(net, 'lo', {
      ndo_open: () => 0,
      ndo_stop: () => 0,
      ndo_start_xmit: (skb) => {
        dev_queue_xmit(skb);
        return 0;
      },
    });
    dev.qdisc.limit = 0;
    register_netdev(dev);
    expect(dev_queue_xmit(frame(net, dev))).toBe(-100);
    dev_open(dev);
    dev_queue_xmit(frame(net, dev));
    expect(drops_by_reason(net)).toEqual({ DEV_READY: 2 });
  });
});

describe('reception', () => {
  it('packet goes to the handler of its type and device, taps see all, nobody means a counted drop', () => {
    const net = makeNet();
    const { dev } = up(net);
    const other = up(net).dev;
    const ip = new Sink();
    const tap = new Sink();
    const pt: PacketType = { type: 0x800, dev, func: ip };
    dev_add_pack(net, pt);
    dev_add_pack(net, { type: 3, dev: null, func: tap });
    const give = (d: NetDevice, type: number): number => {
      const skb = frame(net, d);
      skb.protocol = type;
      return netif_receive_skb(skb);
    };
    expect([give(dev, 0x800), give(dev, 0x806), give(other, 0x800)]).toEqual([0, 1, 1]);
    expect([ip.got.length, tap.got.length, dev.stats.rx_dropped]).toEqual([1, 3, 1]);
    dev_remove_pack(net, pt);
    expect(give(dev, 0x800)).toBe(1);
    expect(drops_by_reason(net)).toEqual({ UNHANDLED_PROTO: 3 });
    expect([net.pool.live, conserved(net)]).toEqual([0, true]);
  });

  it('every handler of a type gets the packet', () => {
    const net = makeNet();
    const { dev } = up(net);
    const a = new Sink();
    const b = new Sink();
    dev_add_pack(net, { type: 0x800, dev: null, func: a });
    dev_add_pack(net, { type: 0x800, dev, func: b });
    const skb = frame(net, dev);
    skb.protocol = 0x800;
    netif_receive_skb(skb);
    expect([a.got.length, b.got.length, net.pool.live]).toEqual([1, 1, 0]);
  });

  it('packet given up twice, or without a device: a named error', () => {
    const net = makeNet();
    const { dev } = up(net);
    const skb = frame(net, dev);
    netif_receive_skb(skb);
    expect(() => netif_receive_skb(skb)).toThrow(/^USE_AFTER_FREE: skb #\d+ received after it was freed$/);
    const homeless = frame(net, dev);
    homeless.dev = null;
    for (const give of [netif_receive_skb, netif_rx])
      expect(() => give(homeless)).toThrow(/^NO_DEVICE: .* eth_type_trans\(skb, dev\) sets it$/);
  });

  it('netif_rx without a backlog is CPU_BACKLOG', () => {
    const net = makeNet();
    const { dev } = up(net);
    expect(netif_rx(frame(net, dev))).toBe(1);
    expect(drops_by_reason(net)).toEqual({ CPU_BACKLOG: 1 });
  });

  it.each([
    ['own address', [2, 0, 0, 0, 0, 1], [0x08, 0x00], 0, 0x800],
    ['another address', [2, 0, 0, 0, 0, 2], [0x86, 0xdd], 3, 0x86dd],
    ['broadcast', [255, 255, 255, 255, 255, 255], [0x08, 0x06], 1, 0x806],
    ['multicast', [1, 0, 0x5e, 0, 0, 1], [0x05, 0xff], 2, 4],
    ['all ones behind a length', [2, 0, 0, 0, 0, 1], [0x00, 0x10], 0, 1],
  ])('Ethernet frame to %s', (_name, dst, type, kind, protocol) => {
    const net = makeNet();
    const { dev } = up(net);
    dev.dev_addr.set([2, 0, 0, 0, 0, 1]);
    const tail = protocol === 1 ? 255 : 7;
    const skb = skbOf(net, Uint8Array.from([...dst, 9, 9, 9, 9, 9, 9, ...type, tail, tail, tail]));
    expect(eth_type_trans(skb, dev)).toBe(protocol);
    expect([skb.pkt_type, skb.len, skb.data - skb.mac_header, skb.dev === dev]).toEqual([kind, 3, 14, true]);
  });
});
