import { parseDuration, type Simulation, TP } from '../sim/index.js';
import {
  dropRecord,
  WIRE_DROP_BAD_FCS,
  WIRE_DROP_FILTERED,
  WIRE_DROP_REASONS,
  WIRE_DROP_RUNT,
} from './drop-reasons.js';
import { WireError } from './error.js';
import { FRAME_BAD_FCS, type FramePool } from './frame-pool.js';
import { MacTable } from './mac-table.js';
import type { WirePort } from './port.js';
import type { WireStation } from './station.js';

const MIN_LENGTH = 60;
/** 01-80-C2-00-00-0x: addresses for the link itself (PAUSE, spanning tree, link aggregation); a bridge keeps them. */
const RESERVED_HIGH = 0x0180;
const RESERVED_LOW = 0xc2000000 | 0;

/** Options of an {@link EthernetSwitch}. */
export interface SwitchOptions {
  /** Time after which a silent address is forgotten: ns or text; default '300s'. */
  ageing?: number | string;
  /** Addresses it can know, 4..2^20, rounded up to a power of two; default 1024. */
  addresses?: number;
}

/** Counters of a switch: received = forwarded + flooded + all drops. */
export interface SwitchStats {
  received: number;
  /** Frames sent to the one port behind which their destination is. */
  forwarded: number;
  /** Frames sent to all other ports that have a carrier. */
  flooded: number;
  /** Frames that ended here, by reason. */
  drops: Record<string, number>;
  /** Addresses known now. */
  addresses: number;
}

/**
 * A learning Ethernet switch: stores and forwards, without processing time of its own. Rate, delay, queue limit and faults of a port are
 * those of the link it is connected to.
 */
export class EthernetSwitch {
  /** `who` of its trace records. */
  readonly id: number;
  private readonly sim: Simulation;
  private readonly pool: FramePool;
  private readonly table: MacTable;
  private readonly ports: WirePort[] = [];
  private readonly counts: Float64Array = new Float64Array(3);
  private readonly drops: Float64Array = new Float64Array(WIRE_DROP_REASONS);

  /** Throws {@link WireError} SWITCH_ARGUMENT or UnitError. */
  constructor(sim: Simulation, pool: FramePool, options: SwitchOptions = {}) {
    this.sim = sim;
    this.pool = pool;
    this.id = ++pool.ids;
    this.table = new MacTable(sim.clock, parseDuration(options.ageing ?? '300s'), options.addresses ?? 1024);
  }

  /** Plugs one end of a link in and returns the number of the switch port, from 0. */
  connect(end: WirePort): number {
    if (end.pool !== this.pool) throw new WireError('SWITCH_ARGUMENT', 'the link belongs to another network');
    const number = this.ports.push(end) - 1;
    end.attach(new SwitchPort(this, number));
    return number;
  }

  stats(): SwitchStats {
    return {
      received: this.counts[0],
      forwarded: this.counts[1],
      flooded: this.counts[2],
      drops: dropRecord(this.drops),
      addresses: this.table.size(),
    };
  }

  /** @internal A frame came in at port `from`. */
  receive(from: number, frame: number): void {
    const pool = this.pool;
    this.counts[0] += 1;
    if ((pool.flags[frame] & FRAME_BAD_FCS) !== 0) {
      this.end(frame, WIRE_DROP_BAD_FCS);
      return;
    }
    if (pool.len(frame) < MIN_LENGTH) {
      this.end(frame, WIRE_DROP_RUNT);
      return;
    }
    const u8 = this.sim.arena.u8;
    const at = pool.off(frame);
    const high = (u8[at] << 8) | u8[at + 1];
    const low = (u8[at + 2] << 24) | (u8[at + 3] << 16) | (u8[at + 4] << 8) | u8[at + 5];
    // A group address can be no station's, so it is not learned (nor trusted) as a source.
    if ((u8[at + 6] & 1) === 0) {
      const sourceLow = (u8[at + 8] << 24) | (u8[at + 9] << 16) | (u8[at + 10] << 8) | u8[at + 11];
      this.table.learn((u8[at + 6] << 8) | u8[at + 7], sourceLow, from);
    }
    if ((u8[at] & 1) === 0) this.unicast(from, frame, this.table.lookup(high, low));
    else if (high === RESERVED_HIGH && (low & ~0xf) === RESERVED_LOW) this.end(frame, WIRE_DROP_FILTERED);
    else this.flood(from, frame);
  }

  /** @internal The carrier of a port changed. */
  portChanged(number: number, up: boolean): void {
    if (!up) this.table.forgetPort(number);
  }

  private unicast(from: number, frame: number, to: number): void {
    if (to === from) {
      this.end(frame, WIRE_DROP_FILTERED);
    } else if (to < 0) {
      this.flood(from, frame);
    } else {
      this.counts[1] += 1;
      this.ports[to].send(frame);
    }
  }

  private flood(from: number, frame: number): void {
    let copies = 0;
    for (let number = 0; number < this.ports.length; number++) {
      if (number === from || !this.ports[number].up) continue;
      copies++;
      this.pool.ref(frame);
      this.ports[number].send(frame);
    }
    if (copies === 0) {
      this.end(frame, WIRE_DROP_FILTERED);
      return;
    }
    this.counts[2] += 1;
    this.pool.unref(frame);
  }

  private end(frame: number, reason: number): void {
    const { sim, pool } = this;
    this.drops[reason] += 1;
    sim.digest.event((reason << 24) ^ this.id, pool.journey[frame]);
    if (sim.trace.on) sim.trace.put(TP.WIRE_DROP, this.id, pool.journey[frame], frame, pool.len(frame), reason);
    pool.unref(frame);
  }
}

class SwitchPort implements WireStation {
  private readonly owner: EthernetSwitch;
  private readonly number: number;

  constructor(owner: EthernetSwitch, number: number) {
    this.owner = owner;
    this.number = number;
  }

  frameArrived(frame: number): void {
    this.owner.receive(this.number, frame);
  }

  linkChanged(up: boolean): void {
    this.owner.portChanged(this.number, up);
  }
}
