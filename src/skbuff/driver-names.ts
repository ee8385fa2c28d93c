import { NetDevice, type NetDeviceOps } from './device.js';
import { consume_skb } from './free.js';
import type { Net } from './net.js';
import type { SkBuff } from './skb.js';

/**
 * `alloc_etherdev`: an Ethernet device `eth%d` that is not registered yet, with the driver's own state on it. There is no
 * `free_netdev`: a device that nothing refers to any more is gone.
 */
export function alloc_etherdev(net: Net, priv: object | null, ops: NetDeviceOps): NetDevice {
  const dev = new NetDevice(net, 'eth%d', ops);
  dev.priv = priv;
  return dev;
}

/** `netdev_priv`: what the driver put on the device. `T` is the driver's word for it. */
export function netdev_priv<T extends object>(dev: NetDevice): T {
  return dev.priv as T;
}

/** `dev_kfree_skb`: the driver is done with a packet it sent. Not a drop: for that there is `kfree_skb_reason`. */
export function dev_kfree_skb(skb: SkBuff): void {
  consume_skb(skb);
}

/** `netdev_alloc_skb`: room for `length` bytes (plus NET_SKB_PAD in front) for the device to write to; null without memory. */
export function netdev_alloc_skb(dev: NetDevice, length: number): SkBuff | null {
  return dev.net.pool.netdev_alloc_skb(dev, length);
}

/** `netdev_alloc_skb_ip_align`: the same, so that the IP header behind 14 bytes of Ethernet lies on a multiple of 4. */
export function netdev_alloc_skb_ip_align(dev: NetDevice, length: number): SkBuff | null {
  return dev.net.pool.netdev_alloc_skb_ip_align(dev, length);
}
