import { describe, expect, it } from 'vitest';
import {
  dev_close,
  dev_open,
  NETDEV_TX_OK,
  type Net,
  NetDevice,
  type NetDeviceOps,
  netif_carrier_off,
  netif_carrier_on,
  netif_device_attach,
  netif_device_detach,
  netif_stop_queue,
  netif_wake_queue,
  register_netdev,
  unregister_netdev,
} from '../../src/skbuff/index.js';
import { makeNet } from './support.js';

const SECOND = 1_000_000_000;

/** Counts what the watchdog tells it. */
class Hanging implements NetDeviceOps {
  readonly at: number[] = [];
  readonly net: Net;
  constructor(net: Net) {
    this.net = net;
  }
  ndo_open(): number {
    return 0;
  }
  ndo_stop(): number {
    return 0;
  }
  ndo_start_xmit(): number {
    return NETDEV_TX_OK;
  }
  ndo_tx_timeout(): void {
    this.at.push(Math.round(this.net.sim.now / SECOND));
  }
}

function opened(): { net: Net; dev: NetDevice; ops: Hanging } {
  const net = makeNet();
  const ops = new Hanging(net);
  const dev = new NetDevice(net, 'eth%d', ops);
  register_netdev(dev);
  dev_open(dev);
  return { net, dev, ops };
}

/** Until `seconds` after the start; strong events are needed for weak timers to fire. */
function until(net: Net, seconds: number): void {
  const target = net.sim.attach({ handle: () => undefined });
  while (net.sim.now < seconds * SECOND) {
    net.sim.schedule(SECOND / 4, target, 0, 0, 0);
    net.sim.drain(Number.MAX_SAFE_INTEGER);
  }
}

describe('watchdog of a transmit queue', () => {
  it('queue stopped: the driver is told after 5 s, and every 5 s while it lasts', () => {
    const { net, dev, ops } = opened();
    until(net, 7);
    netif_stop_queue(dev);
    until(net, 24);
    // The queue went quiet at 0: the look at 10 s is the first that finds it stopped.
    expect([ops.at, dev.trans_timeout]).toEqual([[10, 15, 20], 3]);
    netif_wake_queue(dev);
    until(net, 40);
    expect(ops.at.length).toBe(3);
  });

  it('running queue, no carrier, detached or closed device: nothing to tell', () => {
    const { net, dev, ops } = opened();
    until(net, 20);
    netif_stop_queue(dev);
    netif_carrier_off(dev);
    until(net, 40);
    netif_carrier_on(dev);
    netif_device_detach(dev);
    until(net, 60);
    netif_device_attach(dev);
    expect(dev.tx_queue_stopped).toBe(false);
    netif_stop_queue(dev);
    dev_close(dev);
    until(net, 80);
    expect(ops.at).toEqual([]);
  });

  it('time of its own; none for a driver that cannot be told', () => {
    const { net, dev, ops } = opened();
    dev_close(dev);
    dev.watchdog_timeo = 2 * net.hz;
    dev_open(dev);
    netif_stop_queue(dev);
    until(net, 5);
    expect(ops.at).toEqual([4]);
    const deaf = new NetDevice(net, 'deaf', { ndo_open: () => 0, ndo_stop: () => 0, ndo_start_xmit: () => 0 });
    register_netdev(deaf);
    dev_open(deaf);
    expect([deaf.watchdog_timer, dev.watchdog_timer >= 0]).toEqual([-1, true]);
    unregister_netdev(dev);
    expect(dev.watchdog_timer).toBe(-1);
    until(net, 20);
    expect(ops.at).toEqual([4]);
  });

  it('does not hold the simulation', () => {
    const { net, dev } = opened();
    netif_stop_queue(dev);
    net.sim.drain(Number.MAX_SAFE_INTEGER);
    expect(net.sim.now).toBe(0);
  });

  it('detached device cannot be opened', () => {
    const { dev } = opened();
    dev_close(dev);
    netif_device_detach(dev);
    expect(dev_open(dev)).toBe(-19);
    netif_device_attach(dev);
    expect(dev_open(dev)).toBe(0);
  });
});
