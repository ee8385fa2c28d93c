import { PhysicalMemory } from '../hw/memory/index.js';
import { type Arena, Cloneable, JiffiesClock, type Simulation, type TimerService } from '../sim/index.js';
import type { DevWatchdog } from './dev-watchdog.js';
import type { NetDevice } from './device.js';
import { DROP_REASON_NAMES } from './drop-reasons.js';
import { SkbPool } from './pool.js';
import type { PacketType } from './ptype.js';
import type { SkBuff } from './skb.js';
import { Sysctl } from './sysctl.js';

/** Raises a softirq on the CPU that runs now (the boot CPU outside of blocks). The host supplies it. */
export interface SoftirqRaiser {
  raise(nr: number): void;
}

/** Takes packets that a device without interrupts hands up (`enqueue_to_backlog`); `src/napi` supplies it. */
export interface Backlog {
  /** Takes the skb; NET_RX_SUCCESS, or NET_RX_DROP when the queue is full (the skb is freed then). */
  enqueue_to_backlog(skb: SkBuff): number;
  /** A packet goes up on this CPU: counts it (`softnet_data.processed`). */
  received(): void;
}

/** Told of NETDEV_* events, in the order of registration (`netdevice_notifier`). */
export interface NetdevNotifier {
  netdev_event(event: number, dev: NetDevice): void;
}

/** What one host's network stack is made of. */
export interface NetOptions {
  sim: Simulation;
  /** Owner number of the host in the arena, from 1. */
  hostId: number;
  name: string;
  /** Memory of the host; default: a new one on the arena. */
  mem?: PhysicalMemory;
  /** Timers whose handlers run in the host's softirq context; default: the simulation's. */
  timers?: TimerService;
  /** Poison freed buffers and verify them (default false). */
  checked?: boolean;
  /** Ticks per second, 1..1000 (default 250). */
  hz?: number;
  /** Bytes of packet buffers the host may hold (default: no limit). */
  limit_bytes?: number;
}

/** `struct net` of one host: its buffers, devices, packet types, counters and settings. */
export class Net extends Cloneable {
  readonly sim: Simulation;
  readonly hostId: number;
  /** hostId << 8: `who` in trace records. */
  readonly who: number;
  readonly name: string;
  readonly arena: Arena;
  readonly mem: PhysicalMemory;
  readonly pool: SkbPool;
  timers: TimerService;
  readonly hz: number;
  readonly ticks: JiffiesClock;
  /** Registered devices; index = ifindex - 1, null where one was unregistered. */
  readonly devices: (NetDevice | null)[];
  /** Handlers by packet type, and those that see every packet (ETH_P_ALL). */
  readonly ptype_base: PacketType[];
  readonly ptype_all: PacketType[];
  readonly notifiers: NetdevNotifier[];
  /** Drops by reason (the pool's table): index with SKB_DROP_REASON_*. */
  readonly drops: Float64Array;
  /** Datagrams copied out to programs; kept by the sockets. */
  delivered: number;
  /** SNMP counters by MIB number; the protocols number and name them. */
  readonly mib: Float64Array;
  readonly sysctl: Sysctl;
  softirq: SoftirqRaiser | null;
  backlog: Backlog | null;
  /** Watches the transmit queues of devices that ask for it; made with the first. */
  dev_watchdog: DevWatchdog | null;
  /** Devices whose queue waits for the NET_TX softirq, and where the run under way stands. */
  readonly output_queue: NetDevice[];
  /** Depth of nested transmissions through devices without a queue. */
  xmit_recursion: number;

  constructor(options: NetOptions) {
    super();
    this.sim = options.sim;
    this.hostId = options.hostId;
    this.who = options.hostId << 8;
    this.name = options.name;
    this.arena = options.sim.arena;
    this.mem = options.mem ?? new PhysicalMemory(options.sim.arena, options.hostId);
    this.timers = options.timers ?? options.sim;
    this.hz = options.hz ?? 250;
    this.ticks = new JiffiesClock(options.sim.clock, this.hz);
    this.pool = new SkbPool({
      sim: options.sim,
      mem: this.mem,
      hostId: options.hostId,
      checked: options.checked ?? false,
      limit_bytes: options.limit_bytes ?? Number.MAX_SAFE_INTEGER,
    });
    this.devices = [];
    this.ptype_base = [];
    this.ptype_all = [];
    this.notifiers = [];
    this.drops = this.pool.drops;
    this.delivered = 0;
    this.mib = new Float64Array(MIB_SLOTS);
    this.sysctl = new Sysctl();
    this.softirq = null;
    this.backlog = null;
    this.dev_watchdog = null;
    this.output_queue = [];
    this.xmit_recursion = 0;
  }
}

/** Slots of `Net.mib`. */
export const MIB_SLOTS = 512;

/** Jiffies since the start: computed from the clock, wraps as an int32 does. */
export function jiffies(net: Net): number {
  return net.ticks.now();
}

/** Allocates as `net.pool.alloc_skb` does. */
export function alloc_skb(net: Net, size: number): SkBuff | null {
  return net.pool.alloc_skb(size);
}

/** Drops so far by reason name; reasons that never occurred are left out. Sorted by reason number. */
export function drops_by_reason(net: Net): Record<string, number> {
  const out: Record<string, number> = {};
  for (let i = 0; i < net.drops.length; i++) {
    if (net.drops[i] !== 0) out[DROP_REASON_NAMES[i]] = net.drops[i];
  }
  return out;
}

/** The device with that index or name, or null. */
export function dev_get_by_index(net: Net, ifindex: number): NetDevice | null {
  return net.devices[ifindex - 1] ?? null;
}

/** The device with that name, or null. */
export function dev_get_by_name(net: Net, name: string): NetDevice | null {
  for (const dev of net.devices) if (dev !== null && dev.name === name) return dev;
  return null;
}
