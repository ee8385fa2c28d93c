import { type Cpu, type CpuSet, NET_RX_SOFTIRQ } from '../cpu/index.js';
import type { Simulation } from '../sim/index.js';
import { type Backlog, type Net, type SkBuff, SkBuffHead } from '../skbuff/index.js';
import { BacklogSteps, enqueue_to_backlog } from './backlog.js';
import { napiDiagnosticNames } from './diagnostics.js';
import { NapiStruct } from './napi-struct.js';
import { PollList } from './poll-list.js';
import { NetRxAction } from './rx-action.js';

/** `struct softnet_data`: what the receive path keeps per CPU. */
export class SoftnetData {
  readonly cpu: Cpu;
  /** Scheduled instances, to be polled by the next pass. */
  readonly poll_list: PollList = new PollList();
  /** NET_RX runs or is raised again: scheduling need not raise it. */
  in_net_rx_action: boolean = false;
  /** Packets that went up from this CPU. */
  processed: number = 0;
  /** Packets the backlog had no room for. */
  dropped: number = 0;
  /** NET_RX passes that ended at the packet or time limit. */
  time_squeeze: number = 0;
  received_rps: number = 0;
  flow_limit_count: number = 0;
  /** The backlog: packets of devices without interrupts; the second queue is the one its poll works off. */
  readonly input_pkt_queue: SkBuffHead = new SkBuffHead();
  readonly process_queue: SkBuffHead = new SkBuffHead();
  readonly backlog: NapiStruct;

  constructor(softnet: Softnet, cpu: Cpu, napi_id: number) {
    this.cpu = cpu;
    this.backlog = new NapiStruct(softnet, napi_id, null, null, new BacklogSteps(this), softnet.net.sysctl.dev_weight);
    this.backlog.state = 0;
  }
}

/** The receive side of one host: `softnet_data` of each CPU and the NAPI instances. Made by {@link net_dev_init}. */
export class Softnet implements Backlog {
  readonly net: Net;
  readonly cpus: CpuSet;
  readonly sim: Simulation;
  /** By CPU. */
  readonly data: SoftnetData[] = [];
  /** Every NAPI instance added and not deleted, in order of addition (without the backlogs). */
  readonly napis: NapiStruct[] = [];
  /** Instances made so far. */
  last_id: number = 0;
  /** Counts by NAPI_DIAG_*. */
  readonly diagnostics: Float64Array = new Float64Array(napiDiagnosticNames.length);

  constructor(net: Net, cpus: CpuSet) {
    this.net = net;
    this.cpus = cpus;
    this.sim = cpus.sim;
    for (const cpu of cpus.cpus) this.data.push(new SoftnetData(this, cpu, ++this.last_id));
    cpus.open_softirq(NET_RX_SOFTIRQ, (cpu) => new NetRxAction(this, this.data[cpu.id]));
  }

  /** `softnet_data` of the CPU that runs now (CPU 0 outside blocks). */
  this_cpu(): SoftnetData {
    return this.data[this.cpus.smp_processor().id];
  }

  /** Takes a packet of a device without interrupts (`netif_rx`): NET_RX_SUCCESS, or NET_RX_DROP when the backlog is full. */
  enqueue_to_backlog(skb: SkBuff): number {
    return enqueue_to_backlog(this.this_cpu(), skb);
  }

  /** `__netif_receive_skb_core` counts here, whoever polls. */
  received(): void {
    this.this_cpu().processed++;
  }
}

/** Makes the receive side of a host: opens NET_RX on every CPU and becomes the backlog of `net`. Once per host. */
export function net_dev_init(net: Net, cpus: CpuSet): Softnet {
  const softnet = new Softnet(net, cpus);
  net.backlog = softnet;
  return softnet;
}
