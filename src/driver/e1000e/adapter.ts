import type { CpuSet } from '../../cpu/index.js';
import type { NapiStruct } from '../../napi/index.js';
import { Cloneable, type SimTarget } from '../../sim/index.js';
import { type Net, type NetDevice, type NetDeviceOps, type SkBuff, SkBuffHead } from '../../skbuff/index.js';
import type { IrqCore } from '../irq/index.js';
import type { MappedIo } from '../mmio.js';
import type { PciDev } from '../pci/index.js';
import { E1000HwStats } from './ethtool/stats.js';
import {
  EPOCH_STEP,
  OP_MASK,
  OP_MSI_FAILED,
  OP_MSI_TEST,
  OP_NAPI_DISABLED,
  OP_TX_TAIL,
  OP_WATCHDOG,
  OP_WRITE,
} from './events.js';
import { E1000Moderation, e1000_choose_itr } from './itr.js';
import { E1000LinkConfig } from './link-config.js';
import { e1000_change_mtu } from './mtu.js';
import { e1000_change_mac, e1000e_close, e1000e_open } from './netdev.js';
import type { E1000eSettings } from './options.js';
import { E1000Poll } from './poll.js';
import { IMS_ENABLE_MASK } from './regs.js';
import { e1000_release } from './release.js';
import { E1000Ring } from './ring.js';
import { RX_BUFFER_STANDARD } from './rx-buffer.js';
import { e1000e_set_rx_mode } from './rx-mode.js';
import { e1000e_stopped } from './stopped.js';
import { e1000_msi_test_due, e1000_msi_test_failed } from './test-msi.js';
import { e1000_write_tail, e1000_xmit_frame } from './tx.js';
import { e1000_tx_timeout, e1000_watchdog_task } from './watchdog.js';

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
  /** Rings that take the place of those in use when the device has stopped; null: none. */
  next_rx_ring: E1000Ring | null;
  next_tx_ring: E1000Ring | null;
  /** Received frames that were taken off a ring that was replaced; the next poll hands them up first. */
  readonly held: SkBuffHead;
  /** Bytes of a receive buffer that the chip may fill, now and after the next stop; longest frame with VLAN tag and FCS. */
  rx_buffer_len: number;
  next_rx_buffer_len: number;
  max_frame_size: number;
  readonly moderation: E1000Moderation;
  readonly link: E1000LinkConfig;
  /** Not open, or stopped for a change: interrupts are not ours, packets are refused. */
  down: boolean;
  /** Rings and interrupts are ours: between open and the end of a close. */
  opened: boolean;
  /** Stopped, waiting for a poll under way to end; then what `next` says (NEXT_*) follows. */
  closing: boolean;
  next: number;
  /** To be removed from the bus as soon as the close is complete. */
  removing: boolean;
  /** Open and stopped for a while (sleep, reset by the bus): NAPI is disabled, the rings are empty. */
  halted: boolean;
  /** Asleep in D3hot: registers do not answer. */
  suspended: boolean;
  /** Tells register writes of blocks begun before the device went down last from later ones; see `e1000_writel`. */
  epoch: number;
  /** A link change was signalled and not looked at yet. */
  get_link_status: boolean;
  link_speed: number;
  full_duplex: boolean;
  /** In the middle of a frame of several buffers, which is dropped. */
  discarding: boolean;
  /** First interrupt requested while open, 0 = none, and their number: 3 with MSI-X, else 1. */
  irq: number;
  vectors: number;
  /** What a poll enables when it ends, and whether it also cleans the transmit ring: MSI-X has a vector for that. */
  ims_poll: number;
  poll_tx: boolean;
  /** Interrupts a poll did not cause are looked for (`e1000_test_msi`): timer, -1 = none; step; count at its start. */
  msi_test: number;
  msi_test_step: number;
  msi_test_count: number;
  /** Fires every 2 s while the device is up; -1 = not made. */
  watchdog: number;
  /** The next poll looks whether the transmitter hangs; it looked hung before the last flush; known hung. */
  detect_tx_hung: boolean;
  tx_hang_recheck: boolean;
  tx_hung: boolean;
  /** s until a packet on the ring is late: more at lower speeds. */
  tx_timeout_factor: number;
  phy_id: number;
  /** NVM word 5. */
  eeprom_vers: number;
  /** WUFC bits to arm in sleep. */
  wol: number;
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
  tx_timeout_count: number;
  /** Resets while open (`e1000e_reinit_locked`), and reports of a hanging transmitter. */
  resets: number;
  tx_hangs: number;

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
    this.next_rx_ring = this.next_tx_ring = null;
    this.held = new SkBuffHead();
    this.rx_buffer_len = this.next_rx_buffer_len = this.max_frame_size = RX_BUFFER_STANDARD;
    this.moderation = new E1000Moderation();
    e1000_choose_itr(this.moderation, settings.rx_usecs);
    this.link = new E1000LinkConfig(settings.pause);
    this.down = true;
    this.opened = this.closing = this.removing = this.halted = this.suspended = false;
    this.get_link_status = this.discarding = false;
    this.next = this.epoch = 0;
    this.link_speed = 0;
    this.full_duplex = true;
    this.irq = 0;
    this.vectors = 1;
    this.ims_poll = IMS_ENABLE_MASK;
    this.poll_tx = true;
    this.msi_test = this.watchdog = -1;
    this.msi_test_step = this.msi_test_count = 0;
    this.detect_tx_hung = this.tx_hang_recheck = this.tx_hung = false;
    this.tx_timeout_factor = 1;
    this.phy_id = this.eeprom_vers = this.wol = this.rctl = 0;
    this.mta = new Int32Array(128);
    this.hw_stats = new E1000HwStats();
    this.alloc_rx_buff_failed = this.hw_csum_good = this.hw_csum_err = 0;
    this.rx_frame_errors = this.tx_restart_queue = this.tx_busy = 0;
    this.tx_timeout_count = this.resets = this.tx_hangs = 0;
  }

  handle(op: number, a: number, b: number): void {
    if (op === OP_TX_TAIL) {
      e1000_write_tail(this);
      return;
    }
    if ((op & OP_MASK) === OP_WRITE) {
      if (!this.down && op === (OP_WRITE | this.epoch)) this.io.mem.write32(a, b);
    } else this.handleOther(op & OP_MASK);
  }

  private handleOther(kind: number): void {
    if (kind === OP_NAPI_DISABLED) {
      e1000e_stopped(this);
      if (this.removing && !this.closing) e1000_release(this);
    } else if (kind === OP_WATCHDOG) e1000_watchdog_task(this);
    else if (kind === OP_MSI_TEST) e1000_msi_test_due(this);
    else if (kind === OP_MSI_FAILED) e1000_msi_test_failed(this);
  }

  /** From now on register writes of blocks that have begun already are void. */
  nextEpoch(): void {
    this.epoch = (this.epoch + EPOCH_STEP) | 0;
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
  ndo_change_mtu(_dev: NetDevice, mtu: number): number {
    return e1000_change_mtu(this, mtu);
  }
  ndo_set_mac_address(_dev: NetDevice, addr: Uint8Array): number {
    return e1000_change_mac(this, addr);
  }
  ndo_tx_timeout(_dev: NetDevice): void {
    e1000_tx_timeout(this);
  }
}
