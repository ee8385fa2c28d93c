import { Cloneable } from '../sim/index.js';
import { DEV_TX_WEIGHT } from './constants.js';
import type { NetDevice } from './device.js';
import type { Net } from './net.js';
import { __netif_schedule, qdisc_restart } from './xmit.js';

/**
 * The NET_TX softirq of one CPU (`net_tx_action`) in the shape `src/cpu` asks for: one packet a block. Each device on the
 * list gets one run of at most DEV_TX_WEIGHT packets per pass, and goes to the next pass with what is left.
 */
export class NetTxAction extends Cloneable {
  readonly net: Net;
  /** Devices still to run in this pass, and packets left to the first of them. */
  rounds: number;
  quota: number;

  constructor(net: Net) {
    super();
    this.net = net;
    this.rounds = 0;
    this.quota = 0;
  }

  /** Start of a pass. */
  begin(): void {
    this.rounds = this.net.output_queue.length;
    this.quota = DEV_TX_WEIGHT;
  }

  /** One block: one packet of one device. True: more to do in this pass. */
  step(): boolean {
    const list = this.net.output_queue;
    while (this.rounds > 0 && list.length > 0) {
      const dev = list[0];
      const q = dev.qdisc;
      if (dev.tx_queue_stopped || !q.active || q.queue.qlen === 0) {
        this.done(dev);
        continue;
      }
      const sent = qdisc_restart(dev);
      this.quota--;
      if (!sent || this.quota === 0 || q.queue.qlen === 0) {
        this.done(dev);
        if (!dev.tx_queue_stopped) __netif_schedule(dev);
      }
      return this.rounds > 0;
    }
    return false;
  }

  private done(dev: NetDevice): void {
    this.net.output_queue.shift();
    dev.qdisc.scheduled = false;
    this.rounds--;
    this.quota = DEV_TX_WEIGHT;
  }
}
