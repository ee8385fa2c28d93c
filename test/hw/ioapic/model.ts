/*
 * A reference model of local APICs and IO-APIC, for tests: plain records and sets, no incremental state. After every
 * step all pins are looked at from first principles ("is a message due?") instead of at the moment something changes.
 */

export interface ModelCpu {
  id: number;
  ldr: number;
  cluster: boolean;
  tpr: number;
  enabled: boolean;
  irr: Set<number>;
  isr: Set<number>;
  /** Vectors that came by level last. */
  level: Set<number>;
  nmis: number;
}

export interface ModelPin {
  volts: number;
  vector: number;
  mode: number;
  logical: boolean;
  activeLow: boolean;
  levelBit: boolean;
  masked: boolean;
  dest: number;
  remoteIrr: boolean;
  /** An edge that nobody took yet. */
  edge: boolean;
}

const FIXED = 0;
const LOWEST = 1;

export class Model {
  readonly cpus: ModelCpu[];
  readonly pins: ModelPin[];
  lostEdges = 0;

  constructor(cpus: number, pins: number, idleHigh: (pin: number) => boolean) {
    this.cpus = Array.from({ length: cpus }, (_, id) => ({
      id,
      ldr: 1 << id,
      cluster: false,
      tpr: 0,
      enabled: true,
      irr: new Set<number>(),
      isr: new Set<number>(),
      level: new Set<number>(),
      nmis: 0,
    }));
    this.pins = Array.from({ length: pins }, (_, pin) => ({
      volts: idleHigh(pin) ? 1 : 0,
      vector: 0,
      mode: 0,
      logical: false,
      activeLow: false,
      levelBit: false,
      masked: true,
      dest: 0,
      remoteIrr: false,
      edge: false,
    }));
  }

  setPin(n: number, volts: number): void {
    const pin = this.pins[n]!;
    if (pin.volts === volts) return;
    pin.volts = volts;
    if (!isLevel(pin) && isActive(pin)) {
      if (pin.masked) this.lostEdges++;
      else pin.edge = true;
    }
    this.settle();
  }

  writeLow(n: number, value: number): void {
    const pin = this.pins[n]!;
    const wasLevel = isLevel(pin);
    pin.vector = value & 0xff;
    pin.mode = (value >> 8) & 7;
    pin.logical = (value & 0x800) !== 0;
    pin.activeLow = (value & 0x2000) !== 0;
    pin.levelBit = (value & 0x8000) !== 0;
    pin.masked = (value & 0x10000) !== 0;
    if (!pin.levelBit) pin.remoteIrr = false;
    if (pin.masked || wasLevel || isLevel(pin)) pin.edge = false;
    this.settle();
  }

  writeDest(n: number, dest: number): void {
    this.pins[n]!.dest = dest;
    this.settle();
  }

  /** The low word of an entry as software reads it. */
  entry(n: number): number {
    const p = this.pins[n]!;
    const held = isLevel(p) ? due(p) : p.edge;
    return (
      p.vector |
      (p.mode << 8) |
      (p.logical ? 0x800 : 0) |
      (held ? 0x1000 : 0) |
      (p.activeLow ? 0x2000 : 0) |
      (p.remoteIrr ? 0x4000 : 0) |
      (p.levelBit ? 0x8000 : 0) |
      (p.masked ? 0x10000 : 0)
    );
  }

  ready(n: number): number {
    const cpu = this.cpus[n]!;
    const best = Math.max(-1, ...cpu.irr);
    return best >= 0 && best >> 4 > ppr(cpu) >> 4 ? best : -1;
  }

  acknowledge(n: number): number {
    const vector = this.ready(n);
    if (vector < 0) return -1;
    this.cpus[n]!.irr.delete(vector);
    this.cpus[n]!.isr.add(vector);
    return vector;
  }

  eoi(n: number): void {
    const cpu = this.cpus[n]!;
    const vector = Math.max(-1, ...cpu.isr);
    if (vector < 0) return;
    cpu.isr.delete(vector);
    if (cpu.level.has(vector)) this.end(vector);
  }

  /** The EOI message of a vector. */
  end(vector: number): void {
    for (const pin of this.pins) if (pin.remoteIrr && pin.vector === vector) pin.remoteIrr = false;
    this.settle();
  }

  enable(n: number, on: boolean): void {
    this.cpus[n]!.enabled = on;
    this.settle();
  }

  setLogical(n: number, ldr: number, cluster: boolean): void {
    this.cpus[n]!.ldr = ldr;
    this.cpus[n]!.cluster = cluster;
    this.settle();
  }

  /** Sends every message that is due and can be taken. */
  private settle(): void {
    for (const pin of this.pins) {
      if (pin.masked) pin.edge = false;
      if (isLevel(pin) ? due(pin) : pin.edge) {
        const taken = this.send(pin.dest, pin.logical, pin.mode, pin.vector, isLevel(pin));
        if (taken && isLevel(pin)) pin.remoteIrr = true;
        if (taken) pin.edge = false;
      }
    }
  }

  send(dest: number, logical: boolean, mode: number, vector: number, level: boolean): boolean {
    const targets = this.cpus.filter((c) => dest === 255 || (logical ? memberOf(c, dest) : c.id === dest));
    if (mode === FIXED) return targets.map((c) => take(c, vector, level)).some(Boolean);
    if (mode === LOWEST) {
      const able = targets.filter((c) => c.enabled);
      able.sort((a, b) => ppr(a) - ppr(b) || a.id - b.id);
      return able.length > 0 && take(able[0]!, vector, level);
    }
    if (mode === 3 || mode === 6) return false;
    if (mode === 4) for (const c of targets) c.nmis++;
    return mode === 7 ? targets.some((c) => c.enabled) : targets.length > 0;
  }
}

function isActive(p: ModelPin): boolean {
  return p.activeLow ? p.volts === 0 : p.volts === 1;
}

function isLevel(p: ModelPin): boolean {
  return p.levelBit && (p.mode === FIXED || p.mode === LOWEST);
}

function due(p: ModelPin): boolean {
  return isLevel(p) && isActive(p) && !p.masked && !p.remoteIrr;
}

function take(c: ModelCpu, vector: number, level: boolean): boolean {
  if (vector < 16 || !c.enabled) return false;
  c.irr.add(vector);
  if (level) c.level.add(vector);
  else c.level.delete(vector);
  return true;
}

function ppr(c: ModelCpu): number {
  const service = Math.max(0, ...c.isr);
  return c.tpr >> 4 >= service >> 4 ? c.tpr : service & 0xf0;
}

function memberOf(c: ModelCpu, dest: number): boolean {
  if (!c.cluster) return (c.ldr & dest) !== 0;
  const sameCluster = dest >> 4 === 15 || dest >> 4 === c.ldr >> 4;
  return sameCluster && (c.ldr & dest & 15) !== 0;
}
