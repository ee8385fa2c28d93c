import type { CpuSet } from '../../cpu/index.js';
import type { NapiStruct } from '../../napi/index.js';
import { Cloneable, type SimTarget } from '../../sim/index.js';
import type { Net, NetDevice, NetDeviceOps, SkBuff } from '../../skbuff/index.js';
import type { IrqCore } from '../irq/index.js';
import { type MappedIo, writel } from '../mmio.js';
import type { PciDev } from '../pci/index.js';
import { OP_NAPI_DISABLED, OP_TX_TAIL } from './events.js';
import { e1000_change_mac, e1000e_close, e1000e_finish_down, e1000e_open } from './netdev.js';
import type { E1000eSettings } from './options.js';
import { E1000Poll } from './poll.js';
import { E1000_ICR_RXDMT0, E1000_ICS } from './regs.js';
import { e1000_release } from './release.js';
import { E1000Ring } from './ring.js';
import { e1000e_set_rx_mode } from './rx-mode.js';
import { E1000HwStats } from './stats.js';
import { e1000_write_tail, e1000_xmit_frame } from './tx.js';

/** State of one 82574L (`struct e1000_adapter`). */
export class E1000Adapter extends Cloneable implements NetDeviceOps, SimTarget {
  readonly pdev: PciDev;
  readonly io: MappedIo;
  readonly net: Net;
  readonly irqs: IrqCore;
  readonly cpus: CpuSet;
  readonly target: number;
  readonly settings: E1000eSettings;
  readonly poll: E1000Poll;
  /** Set by the probe. */
  dev!: NetDevice;
  napi!: NapiStruct;
  rx_ring: E1000Ring;
  tx_ring: E1000Ring;
  /** Interval between interrupts, us; 0 = off. Change it with `e1000_set_coalesce`. */
  rx_usecs: number;
  /** Not open: interrupts are not ours, packets are refused. */
  down: boolean;
  /** Stopped, waiting for a poll under way to end. */
  closing: boolean;
  /** To be removed from the bus as soon as the close is complete. */
  removing: boolean;
  /** A link change was signalled and not looked at yet. */
  get_link_status: boolean;
  link_speed: number;
  /** In the middle of a frame of several buffers, which is dropped. */
  discarding: boolean;
  /** Interrupt requested while open. */
  irq: number;
  /** Checks a ring that could not be refilled; -1 = not made. */
  watchdog: number;
  phy_id: number;
  /** Copies of registers that only this driver writes. */
  rctl: number;
  readonly mta: Int32Array;
  /** Counters of the driver (the rest of `ethtool -S` are the chip's). */
  readonly hw_stats: E1000HwStats;
  alloc_rx_buff_failed: number;
  hw_csum_good: number;
  hw_csum_err: number;
  rx_frame_errors: number;
  tx_restart_queue: number;
  tx_busy: number;

  constructor(pdev: PciDev, io: MappedIo, net: Net, settings: E1000eSettings) {
    super();
    this.pdev = pdev;
    this.io = io;
    this.net = net;
    this.irqs = pdev.core.irqs;
    this.cpus = this.irqs.cpus;
    this.target = net.sim.attach(this);
    this.settings = settings;
    this.poll = new E1000Poll(this);
    this.rx_ring = new E1000Ring(settings.rx_ring);
    this.tx_ring = new E1000Ring(settings.tx_ring);
    this.rx_usecs = settings.rx_usecs;
    this.down = true;
    this.closing = this.removing = this.get_link_status = this.discarding = false;
    this.link_speed = 0;
    this.irq = 0;
    this.watchdog = -1;
    this.phy_id = this.rctl = 0;
    this.mta = new Int32Array(128);
    this.hw_stats = new E1000HwStats();
    this.alloc_rx_buff_failed = this.hw_csum_good = this.hw_csum_err = 0;
    this.rx_frame_errors = this.tx_restart_queue = this.tx_busy = 0;
  }

  handle(op: number, _a: number, _b: number): void {
    if (op === OP_TX_TAIL) e1000_write_tail(this);
    else if (op === OP_NAPI_DISABLED) {
      e1000e_finish_down(this);
      if (this.removing) e1000_release(this);
    } else if (!this.down) writel(this.io, E1000_ICS, E1000_ICR_RXDMT0);
  }

  ndo_open(_dev: NetDevice): number {
    return e1000e_open(this);
  }
  ndo_stop(_dev: NetDevice): number {
    return e1000e_close(this);
  }
  ndo_start_xmit(skb: SkBuff, dev: NetDevice): number {
    return e1000_xmit_frame(this, skb, dev);
  }
  ndo_set_rx_mode(_dev: NetDevice): void {
    e1000e_set_rx_mode(this);
  }
  ndo_set_mac_address(_dev: NetDevice, addr: Uint8Array): number {
    return e1000_change_mac(this, addr);
  }
}
