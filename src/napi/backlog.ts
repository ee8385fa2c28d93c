import {
  __skb_queue_tail,
  kfree_skb_reason,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  netif_receive_skb,
  SKB_DROP_REASON_CPU_BACKLOG,
  type SkBuff,
  skb_dequeue,
  skb_queue_splice_tail_init,
} from '../skbuff/index.js';
import { NAPIF_STATE_SCHED } from './constants.js';
import type { NapiSteps, NapiStruct } from './napi-struct.js';
import { __napi_schedule } from './schedule.js';
import type { SoftnetData } from './softnet.js';

/**
 * `process_backlog`: works the process queue off, one packet a step, then takes over what came in meanwhile; with both queues empty it
 * clears SCHED itself. There is no MISSED for the backlog: whoever queues a packet schedules it unless it is.
 */
export class BacklogSteps implements NapiSteps {
  private readonly sd: SoftnetData;
  private left: number = 0;
  private work: number = 0;

  constructor(sd: SoftnetData) {
    this.sd = sd;
  }

  pollBegin(_napi: NapiStruct, budget: number): void {
    this.left = budget;
    this.work = 0;
  }

  pollStep(napi: NapiStruct): boolean {
    const sd = this.sd;
    let skb = skb_dequeue(sd.process_queue);
    if (skb === null) {
      skb_queue_splice_tail_init(sd.input_pkt_queue, sd.process_queue);
      skb = skb_dequeue(sd.process_queue);
    }
    if (skb === null) {
      napi.state &= ~NAPIF_STATE_SCHED;
      return false;
    }
    const { costs } = sd.cpu;
    sd.cpu.cost += netif_receive_skb(skb) === NET_RX_DROP ? costs.rx_drop : costs.rx_packet;
    this.work++;
    return this.work < this.left;
  }

  pollEnd(_napi: NapiStruct): number {
    return this.work;
  }
}

/**
 * `enqueue_to_backlog`: accepts while the input queue holds at most `netdev_max_backlog` packets, so that it grows to one more than that;
 * else drops, counted in softnet_stat and on the device.
 */
export function enqueue_to_backlog(sd: SoftnetData, skb: SkBuff): number {
  const backlog = sd.backlog;
  if (sd.input_pkt_queue.qlen > backlog.softnet.net.sysctl.netdev_max_backlog) {
    sd.dropped++;
    if (skb.dev !== null) skb.dev.stats.rx_dropped++;
    kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
    return NET_RX_DROP;
  }
  __skb_queue_tail(sd.input_pkt_queue, skb);
  if ((backlog.state & NAPIF_STATE_SCHED) === 0) {
    backlog.state |= NAPIF_STATE_SCHED;
    // netif_rx turns bottom halves off and on itself, so that the softirq runs when it ends.
    sd.cpu.local_bh_disable();
    __napi_schedule(backlog);
    sd.cpu.local_bh_enable();
  }
  return NET_RX_SUCCESS;
}
