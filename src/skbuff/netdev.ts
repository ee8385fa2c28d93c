import {
  EADDRNOTAVAIL,
  EBUSY,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  IFF_ALLMULTI,
  IFF_LOWER_UP,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_UP,
} from '../uapi/index.js';
import {
  NETDEV_CHANGE,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from './constants.js';
import { dev_watchdog_down, dev_watchdog_free, dev_watchdog_up } from './dev-watchdog.js';
import type { HwAddress, NetDevice } from './device.js';
import { SKB_DROP_REASON_QUEUE_PURGE } from './drop-reasons.js';
import { dev_get_by_name, type Net, type NetdevNotifier } from './net.js';
import { skb_queue_purge_reason } from './queue.js';
import { netif_stop_queue, netif_wake_queue } from './xmit.js';

/** `register_netdevice_notifier`: `n` hears all events from now on, after REGISTER and UP of the devices that exist. */
export function register_netdevice_notifier(net: Net, n: NetdevNotifier): void {
  net.notifiers.push(n);
  for (const dev of net.devices) {
    if (dev === null) continue;
    n.netdev_event(NETDEV_REGISTER, dev);
    if ((dev.flags & IFF_UP) !== 0) n.netdev_event(NETDEV_UP, dev);
  }
}

/** Tells every notifier of `event`. */
export function call_netdevice_notifiers(event: number, dev: NetDevice): void {
  for (const n of dev.net.notifiers) n.netdev_event(event, dev);
}

/** `register_netdev`: gives the device its name and index. 0, -EBUSY (registered already) or -EEXIST (name in use). */
export function register_netdev(dev: NetDevice): number {
  const net = dev.net;
  if (dev.ifindex !== 0) return -EBUSY;
  if (dev.name.includes('%d')) {
    let n = 0;
    while (dev_get_by_name(net, dev.name.replace('%d', String(n))) !== null) n++;
    dev.name = dev.name.replace('%d', String(n));
  } else if (dev_get_by_name(net, dev.name) !== null) return -EEXIST;
  dev.ifindex = net.devices.push(dev);
  call_netdevice_notifiers(NETDEV_REGISTER, dev);
  return 0;
}

/** `unregister_netdev`: closes the device and forgets it. Its index is not used again. */
export function unregister_netdev(dev: NetDevice): void {
  if (dev.ifindex === 0) return;
  dev_close(dev);
  call_netdevice_notifiers(NETDEV_UNREGISTER, dev);
  dev_watchdog_free(dev);
  dev.net.devices[dev.ifindex - 1] = null;
  dev.ifindex = 0;
}

/** `dev_open` (ip link set up): 0, or the driver's -errno. -ENODEV when it is not registered, or its hardware is detached. */
export function dev_open(dev: NetDevice): number {
  if ((dev.flags & IFF_UP) !== 0) return 0;
  if (dev.ifindex === 0 || !dev.present) return -ENODEV;
  const err = dev.ops.ndo_open(dev);
  if (err !== 0) return err;
  dev.flags |= IFF_UP;
  set_rx_mode(dev);
  if (dev.carrier) dev_activate(dev);
  call_netdevice_notifiers(NETDEV_UP, dev);
  return 0;
}

/** `dev_close` (ip link set down): queued packets are dropped as QUEUE_PURGE. */
export function dev_close(dev: NetDevice): void {
  if ((dev.flags & IFF_UP) === 0) return;
  call_netdevice_notifiers(NETDEV_GOING_DOWN, dev);
  dev_deactivate(dev);
  dev.ops.ndo_stop(dev);
  dev.flags &= ~IFF_UP;
  call_netdevice_notifiers(NETDEV_DOWN, dev);
}

function dev_activate(dev: NetDevice): void {
  dev.qdisc.active = true;
  dev_watchdog_up(dev);
}

function dev_deactivate(dev: NetDevice): void {
  dev.qdisc.active = false;
  dev_watchdog_down(dev);
  dev.stats.tx_dropped += skb_queue_purge_reason(dev.qdisc.queue, SKB_DROP_REASON_QUEUE_PURGE);
}

/** `dev_get_flags`: the IFF_* a program sees; RUNNING and LOWER_UP follow the carrier. */
export function dev_get_flags(dev: NetDevice): number {
  let flags = dev.flags & ~(IFF_RUNNING | IFF_LOWER_UP);
  if ((flags & IFF_UP) !== 0 && dev.carrier) flags |= IFF_RUNNING | IFF_LOWER_UP;
  return flags;
}

/** `netif_running`: between open and close. */
export function netif_running(dev: NetDevice): boolean {
  return (dev.flags & IFF_UP) !== 0;
}

export function netif_carrier_ok(dev: NetDevice): boolean {
  return dev.carrier;
}

/** `netif_carrier_on`: the link is there; an open device may send. */
export function netif_carrier_on(dev: NetDevice): void {
  if (dev.carrier) return;
  dev.carrier = true;
  if (dev.ifindex === 0 || !netif_running(dev)) return;
  dev_activate(dev);
  call_netdevice_notifiers(NETDEV_CHANGE, dev);
}

/** `netif_carrier_off`: the link is gone; queued packets are dropped and no more are taken. */
export function netif_carrier_off(dev: NetDevice): void {
  if (!dev.carrier) return;
  dev.carrier = false;
  if (dev.ifindex === 0 || !netif_running(dev)) return;
  dev_deactivate(dev);
  call_netdevice_notifiers(NETDEV_CHANGE, dev);
}

/** `netif_device_detach`: the hardware goes away for a while (sleep, reset); its queue stops. */
export function netif_device_detach(dev: NetDevice): void {
  if (!dev.present) return;
  dev.present = false;
  if (netif_running(dev)) netif_stop_queue(dev);
}

/** `netif_device_attach`: it is back; the queue of an open device goes on. */
export function netif_device_attach(dev: NetDevice): void {
  if (dev.present) return;
  dev.present = true;
  if (!netif_running(dev)) return;
  netif_wake_queue(dev);
  if (dev.qdisc.active) dev_watchdog_up(dev);
}

/** `dev_set_mtu`: 0, -EINVAL outside [min_mtu, max_mtu], -ENODEV (detached), or the driver's -errno. */
export function dev_set_mtu(dev: NetDevice, mtu: number): number {
  if (mtu === dev.mtu) return 0;
  if (mtu < dev.min_mtu || mtu > dev.max_mtu || mtu !== Math.trunc(mtu)) return -EINVAL;
  if (!dev.present) return -ENODEV;
  const err = dev.ops.ndo_change_mtu === undefined ? 0 : dev.ops.ndo_change_mtu(dev, mtu);
  if (err !== 0) return err;
  dev.mtu = mtu;
  call_netdevice_notifiers(NETDEV_CHANGEMTU, dev);
  return 0;
}

/** `dev_set_mac_address`: 0, -EINVAL (length), -EADDRNOTAVAIL (multicast or zero), -EOPNOTSUPP or the driver's -errno. */
export function dev_set_mac_address(dev: NetDevice, addr: Uint8Array): number {
  if (dev.ops.ndo_set_mac_address === undefined) return -EOPNOTSUPP;
  if (addr.length !== 6) return -EINVAL;
  if ((addr[0] & 1) !== 0 || addr.every((b) => b === 0)) return -EADDRNOTAVAIL;
  const err = dev.ops.ndo_set_mac_address(dev, addr);
  if (err !== 0) return err;
  dev.dev_addr = addr.slice();
  call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
  return 0;
}

/** `dev_set_promiscuity`: adds `inc` users (negative: removes). 0. */
export function dev_set_promiscuity(dev: NetDevice, inc: number): number {
  dev.promiscuity = Math.max(0, dev.promiscuity + inc);
  dev.flags = dev.promiscuity > 0 ? dev.flags | IFF_PROMISC : dev.flags & ~IFF_PROMISC;
  set_rx_mode(dev);
  return 0;
}

/** `dev_set_allmulti`: adds `inc` users (negative: removes). 0. */
export function dev_set_allmulti(dev: NetDevice, inc: number): number {
  dev.allmulti = Math.max(0, dev.allmulti + inc);
  dev.flags = dev.allmulti > 0 ? dev.flags | IFF_ALLMULTI : dev.flags & ~IFF_ALLMULTI;
  set_rx_mode(dev);
  return 0;
}

/** `dev_mc_add`: one more user of a multicast address (6 bytes). 0 or -EINVAL. */
export function dev_mc_add(dev: NetDevice, addr: Uint8Array): number {
  return list_add(dev, dev.mc, addr);
}

/** `dev_mc_del`: one user less. 0 or -ENOENT. */
export function dev_mc_del(dev: NetDevice, addr: Uint8Array): number {
  return list_del(dev, dev.mc, addr);
}

/** `dev_uc_add`: one more user of a secondary unicast address (6 bytes). 0 or -EINVAL. */
export function dev_uc_add(dev: NetDevice, addr: Uint8Array): number {
  return list_add(dev, dev.uc, addr);
}

/** `dev_uc_del`: one user less. 0 or -ENOENT. */
export function dev_uc_del(dev: NetDevice, addr: Uint8Array): number {
  return list_del(dev, dev.uc, addr);
}

function list_add(dev: NetDevice, list: HwAddress[], addr: Uint8Array): number {
  if (addr.length !== 6) return -EINVAL;
  const at = find(list, addr);
  if (at >= 0) {
    list[at].refcount++;
    return 0;
  }
  list.push({ addr: addr.slice(), refcount: 1 });
  set_rx_mode(dev);
  return 0;
}

function list_del(dev: NetDevice, list: HwAddress[], addr: Uint8Array): number {
  const at = find(list, addr);
  if (at < 0) return -ENOENT;
  if (--list[at].refcount > 0) return 0;
  list.splice(at, 1);
  set_rx_mode(dev);
  return 0;
}

function find(list: HwAddress[], addr: Uint8Array): number {
  return list.findIndex((e) => e.addr.every((b, i) => b === addr[i]));
}

/** `dev_set_rx_mode`: the driver programs its filters, if it is open. */
function set_rx_mode(dev: NetDevice): void {
  if (netif_running(dev) && dev.ops.ndo_set_rx_mode !== undefined) dev.ops.ndo_set_rx_mode(dev);
}
