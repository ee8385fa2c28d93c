import { expect } from 'vitest';
import { NIC_DMA_ABORT, NIC_LINK_DOWN, NIC_MISSED, NIC_RX_DISABLED, NIC_TX_ABORT } from '../../src/hw/nic/index.js';
import { type Action, apply, wireFrame } from './fuzz-actions.js';
import { FUZZ_MAC, type FuzzRig, type Signalling } from './fuzz-rig.js';

const MODES: readonly Signalling[] = ['intx', 'msi', 'msix'];
/** Reasons of drops on the receive side, in the order of `Nic82574.drops`. */
const RECEIVE_REASONS = 6;
const RECEIVED_MASTER_ABORT = 0x2000;

/** Frames that came = delivered + drops by reason + on chip; and every live frame is somewhere. */
export function conserved(rig: FuzzRig): string {
  const { nic, link, pool } = rig;
  let lost = 0;
  for (let reason = 0; reason < RECEIVE_REASONS; reason++) lost += nic.drops[reason];
  const balance = nic.arrived[0] - nic.rx.delivered[0] - lost - nic.receiveInFlight();
  if (balance !== 0) return `${balance} frames that arrived are unaccounted for`;
  const held = nic.receiveInFlight() + nic.tx.inFlight() + link.a.inFlight + link.b.inFlight + orphans(rig);
  return pool.live === held ? transmitted(rig) : `${pool.live} frames live, ${held} known`;
}

/** Frames begun = sent + drops by reason + on chip; frames sent = on the wire + looped back + waiting for it + lost there. */
function transmitted(rig: FuzzRig): string {
  const { nic, link, port } = rig;
  const { tx, txErrors } = nic;
  const aborts = Object.values(txErrors).reduce((sum, n) => sum + n, 0);
  if (aborts !== nic.drops[NIC_TX_ABORT]) return `${nic.drops[NIC_TX_ABORT]} aborted, ${aborts} with a cause`;
  const onChip = tx.queue0.packets.frames() + tx.queue1.packets.frames();
  const ended = tx.output.sent[0] + nic.drops[NIC_DMA_ABORT] + txErrors.ring;
  // A packet to segment may have a frame without data, or count once for what is not cut.
  const beyond = ended + onChip - port.framesBegun;
  if (beyond < 0 || beyond > port.headersRead) return `${port.framesBegun} frames begun, ${ended + onChip} known`;
  if (rig.flow) return '';
  const looped = nic.arrived[0] - link.b.stats().delivered;
  const left = link.a.stats().sent + looped + txErrors.reset + tx.output.line.waiting.count;
  return left === tx.output.sent[0] ? '' : `${tx.output.sent[0]} frames sent, ${left} left`;
}

/** Frames that belong to no packet any more and live only until the reads into them have completed. */
function orphans(rig: FuzzRig): number {
  const { tx } = rig.nic;
  const frames = new Set<number>();
  for (const read of rig.port.underWay) if (read.frame !== 0) frames.add(read.frame);
  for (const { packets } of [tx.queue0, tx.queue1]) {
    for (let k = 0; k < packets.count; k++) frames.delete(packets.frame[(packets.first + k) % packets.frame.length]);
  }
  return frames.size;
}

/** What one stimulus may cost: requests on the bus and events, by what it gave the device to do. */
class Effort {
  private readonly reads: number;
  private readonly writes: number;
  private readonly descriptors: number;
  private readonly bytes: number;
  private readonly frames: number;
  private readonly events: number;

  constructor(rig: FuzzRig) {
    this.reads = rig.port.reads;
    this.writes = rig.port.writes;
    this.descriptors = rig.port.descriptors;
    this.bytes = rig.port.bytesRead;
    this.frames = frames(rig);
    this.events = rig.sim.events;
  }

  /** '' or what was too much. `bursts`: times that registers were written in between. */
  excess(rig: FuzzRig, bursts: number): string {
    const { port } = rig;
    const came = frames(rig) - this.frames;
    const requests = port.reads + port.writes - this.reads - this.writes;
    const fetched = port.descriptors - this.descriptors;
    let given = 0;
    for (const at of [0x2808, 0x2908, 0x3808, 0x3908]) given += rig.nic.peek(at) >>> 4;
    if (fetched > bursts * (given + 1024)) return `${fetched} descriptors fetched of ${given} given`;
    const cut = (port.bytesRead - this.bytes) / 17;
    const most = 64 * bursts + 8 * (fetched + came + 256) + 2 * cut;
    if (requests > most) return `${requests} requests, at most ${most} expected`;
    const events = rig.sim.events - this.events;
    return events > 4 * most ? `${events} events for ${requests} requests` : '';
  }
}

function frames(rig: FuzzRig): number {
  return rig.nic.arrived[0] + rig.nic.tx.output.sent[0];
}

const TPR = 0x40d0;
const MPC = 0x4010;
const GPTC = 0x4080;

/** What the statistics registers must count while nobody reads or resets them. */
class Statistics {
  private readonly before: number[];

  constructor(rig: FuzzRig) {
    this.before = Statistics.of(rig);
  }

  private static of(rig: FuzzRig): number[] {
    const { nic } = rig;
    const seen = nic.arrived[0] - nic.drops[NIC_RX_DISABLED] - nic.drops[NIC_LINK_DOWN];
    const truth = [seen, nic.drops[NIC_MISSED], nic.tx.output.sent[0]];
    return [TPR, MPC, GPTC].map((at, k) => truth[k] - nic.peek(at));
  }

  /** '' or the register that counted something else than what happened. */
  wrong(rig: FuzzRig): string {
    const after = Statistics.of(rig);
    const k = after.findIndex((n, i) => n !== this.before[i]);
    return k < 0 ? '' : `${['TPR', 'MPC', 'GPTC'][k]} is ${after[k] - this.before[k]} behind`;
  }
}

/** Stimuli that leave the statistics alone. */
const QUIET: ReadonlySet<string> = new Set(['frame', 'time', 'give', 'send', 'link']);

/** One stimulus and all that follows at this instant; every rule that holds at all times is checked. */
export function step(rig: FuzzRig, action: Action): void {
  const effort = new Effort(rig);
  const statistics = new Statistics(rig);
  const aborted = rig.port.aborted;
  const delivered = rig.nic.rx.delivered[0];
  const off = !rig.nic.config.busMaster;
  apply(rig, action);
  expect(rig.port.violations).toEqual([]);
  if (rig.hold > 0 && --rig.hold > 0) return;
  rig.settle();
  // A cleared Status needs a new abort to be set again; none of the stimuli clears it after its reads.
  const clears = action.t === 'config' || action.t === 'reset' || action.t === 'mode';
  const status = rig.configRead(0x06, 2);
  expect(rig.port.violations).toEqual([]);
  expect(rig.foreignChange()).toBe('');
  expect(conserved(rig)).toBe('');
  expect(effort.excess(rig, 40)).toBe('');
  if (QUIET.has(action.t)) {
    expect(statistics.wrong(rig)).toBe('');
    // Without bus mastering nothing gets to the host.
    if (off) expect(rig.nic.rx.delivered[0]).toBe(delivered);
  }
  if (rig.port.aborted > aborted && !clears) expect(status & RECEIVED_MASTER_ABORT).not.toBe(0);
}

/** Everything that is under way comes to its end. */
export function finish(rig: FuzzRig): void {
  const effort = new Effort(rig);
  rig.drain();
  expect(rig.port.violations).toEqual([]);
  expect(rig.foreignChange()).toBe('');
  expect(conserved(rig)).toBe('');
  expect(effort.excess(rig, 400)).toBe('');
}

/** CTRL.RST and a correct set-up: the device receives, sends and interrupts again, whatever was done to it. */
export function alive(rig: FuzzRig): void {
  rig.link.up();
  for (const how of MODES) {
    rig.configure(how);
    rig.softReset();
    expect(rig.pool.live).toBe(0);
    setUp(rig, how);
    receives(rig, how);
    sends(rig, how);
    expect(rig.foreignChange()).toBe('');
    expect(rig.port.violations).toEqual([]);
    expect(conserved(rig)).toBe('');
  }
}

function setUp(rig: FuzzRig, how: Signalling): void {
  rig.write(0x1000, 0x00140014);
  rig.write(0x5400, FUZZ_MAC[0] | (FUZZ_MAC[1] << 8) | (FUZZ_MAC[2] << 16) | (FUZZ_MAC[3] << 24));
  rig.write(0x5404, FUZZ_MAC[4] | (FUZZ_MAC[5] << 8) | (1 << 31));
  rig.setupRing(0, 16, 15);
  rig.setupRing(2, 16, 0);
  if (how === 'msix') rig.write(0x00e4, 0x000a0908);
  rig.write(0x00d0, 0x01f782df);
  rig.write(0x0100, 0x04008002);
  rig.write(0x0400, 0xa);
  rig.drain();
  rig.read(0x00c0);
  rig.settle();
}

/** An interrupt has come since the counts of `before`: vector `n` with MSI-X. */
function signalled(rig: FuzzRig, how: Signalling, n: number, before: readonly number[]): void {
  if (how === 'intx') expect(rig.signals.level).toBe(1);
  else if (how === 'msi') expect(rig.signals.count(0x41)).toBeGreaterThan(before[5]);
  else expect(rig.signals.count(0x50 + n)).toBeGreaterThan(before[n]);
  expect(rig.read(0x00c0)).toBeLessThan(0);
  rig.drain();
  expect(rig.signals.level).toBe(0);
}

function counts(rig: FuzzRig): number[] {
  return [0x50, 0x51, 0x52, 0x53, 0x54, 0x41].map((data) => rig.signals.count(data));
}

function receives(rig: FuzzRig, how: Signalling): void {
  const before = counts(rig);
  const bytes = wireFrame(0, 200);
  const buffer = rig.load(rig.ring(0));
  rig.peer.send(bytes);
  rig.drain();
  const status = rig.load(rig.ring(0) + 12);
  expect(status & 3).toBe(3);
  expect(rig.load(rig.ring(0) + 8) & 0xffff).toBe(200);
  expect(rig.sim.arena.u8.slice(buffer, buffer + 200)).toEqual(bytes);
  expect(rig.read(0x2810)).toBe(1);
  signalled(rig, how, 0, before);
}

function sends(rig: FuzzRig, how: Signalling): void {
  const before = counts(rig);
  rig.peer.received = [];
  const at = rig.data(0x100);
  rig.put(2, at, 0, 300 | (0x0b << 24), 0);
  rig.kick(2);
  rig.drain();
  expect(rig.peer.received.length).toBe(1);
  expect(rig.peer.received[0].bytes).toEqual(rig.sim.arena.u8.slice(at, at + 300));
  expect(rig.load(rig.ring(2) + 12) & 1).toBe(1);
  expect(rig.read(0x3810)).toBe(1);
  signalled(rig, how, 1, before);
  // More than the transmit FIFO holds.
  for (let k = 0; k < 15; k++) rig.put(2, rig.data(k * 64), 0, 1514 | (0x0b << 24), 0);
  rig.kick(2);
  rig.drain();
  expect(rig.peer.received.length).toBe(16);
}
