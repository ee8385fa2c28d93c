import { type Costs, type Cpu, costLines, loadCostTable, TASK_SLEEP } from '../../src/cpu/index.js';
import { createNetwork, type Host, type HostOptions, type Network } from '../../src/host/index.js';
import { NAPIF_STATE_SCHED, type NapiSteps, type NapiStruct } from '../../src/napi/index.js';
import type { Program, Thread } from '../../src/syscalls/index.js';
import { AF_INET, POLLIN, SOCK_DGRAM, writeSockaddrIn } from '../../src/uapi/index.js';
import type { RawPort } from '../../src/wire/index.js';
import { udp4Frame } from './frames.js';
import { RECEIVER, SENDER } from './receiver.js';

/** A table of 1 GHz, so that a cycle is one ns: lines named as given, all others 0. */
export function cycleCosts(cycles: Partial<Record<(typeof costLines)[number], number>>): Costs {
  const lines: Record<string, { cycles: number; source: string }> = {};
  for (const line of costLines) lines[line] = { cycles: cycles[line] ?? 0, source: 'test' };
  return loadCostTable({ name: 'test', freq_hz: 1_000_000_000, lines });
}

/** A program that empties its socket as data comes; plain data, no promises. */
export class Drain implements Program {
  received: number = 0;
  private fd: number = -1;
  private readonly buf: Uint8Array = new Uint8Array(2048);

  step(thread: Thread, _cpu: Cpu): number {
    const { kernel, proc } = thread;
    if (this.fd < 0) {
      const addr = new Uint8Array(16);
      this.fd = kernel.socket(proc, AF_INET, SOCK_DGRAM, 0);
      kernel.bind(proc, this.fd, addr, writeSockaddrIn(addr, 0, 0, RECEIVER.port));
    }
    while (kernel.recvfrom(proc, this.fd, this.buf, 0, this.buf.length, 0, null) >= 0) this.received++;
    kernel.sleepOn(thread, this.fd, POLLIN);
    return TASK_SLEEP;
  }
}

/** What of the real parts is replaced in a {@link Race}. */
export interface Twist {
  /** Name for reports. */
  name: string;
  /** Reading ICR does not mask (CTRL_EXT.IAME clear): interrupts go on during a poll, and MISSED is all that remembers them. */
  unmasked?: boolean;
  /** A poller around the driver's own. */
  poller?: (race: Race) => NapiSteps;
  /** Called when all is built. */
  apply?: (race: Race) => void;
}

/**
 * The real chip, interrupt controllers, irq core, driver and NAPI of one host; frames come from a port on a line that takes no time, so that
 * a frame arrives at exactly the ns asked for. The log has P for a frame, I for a handler's read of ICR, K for a look that found the ring
 * empty, C for a completion, U for a write to IMS.
 */
export class Race {
  readonly net: Network;
  readonly host: Host;
  readonly port: RawPort;
  readonly drain: Drain = new Drain();
  log: string = '';
  sent: number = 0;
  private readonly frame: Uint8Array = udp4Frame(SENDER, RECEIVER, 'x');

  constructor(options: HostOptions, twist: Twist) {
    this.net = createNetwork({ checked: true });
    this.host = this.net.host('b', { addresses: ['10.0.0.2/24'], mac: RECEIVER.mac, ...options });
    this.port = this.net.port(this.host, { record: false, wire: { rate: 0 } });
    this.host.spawn(this.drain, { daemon: true });
    this.run();
    this.listen();
    if (twist.unmasked === true) this.clearAutoMask();
    if (twist.poller !== undefined) Object.assign(this.napi, { steps: twist.poller(this) });
    twist.apply?.(this);
  }

  get napi(): NapiStruct {
    return this.host.napi.napis[0];
  }

  private clearAutoMask(): void {
    const { mem } = this.host.driver.adapters[0].io;
    mem.write32(0x18, mem.read32(0x18) & ~(1 << 27));
  }

  private listen(): void {
    const { chip } = this.host.nic;
    const { irq } = chip;
    const note = (letter: string): void => {
      this.log += letter;
    };
    const arrived = chip.frameArrived.bind(chip);
    const readCause = irq.readCause.bind(irq);
    const writeMaskSet = irq.writeMaskSet.bind(irq);
    chip.frameArrived = (f) => {
      note('P');
      arrived(f);
    };
    irq.readCause = () => {
      note('I');
      return readCause();
    };
    irq.writeMaskSet = (v) => {
      note('U');
      writeMaskSet(v);
    };
  }

  run(): void {
    this.net.sim.drain(Number.POSITIVE_INFINITY);
  }

  /** Packets at the given ns from now; runs until nothing more happens. Returns whether all were taken and everything is at rest again. */
  play(times: readonly number[]): boolean {
    const { sim } = this.net;
    this.log = '';
    this.sent += times.length;
    // Off the CPU's clock edge of an earlier try: each try starts on a whole microsecond.
    const after_ns = 1000 - (sim.now % 1000);
    this.port.play(
      times.map((time_ns) => ({ time_ns, bytes: this.frame })),
      after_ns + times[0],
    );
    this.run();
    return this.sound();
  }

  sound(): boolean {
    const { chip, dev } = this.host.nic;
    const scheduled = (this.napi.state & NAPIF_STATE_SCHED) !== 0 || this.napi.list !== null;
    const unmasked = chip.peek(0xd0) !== 0;
    return this.drain.received === this.sent && dev.stats.rx_packets === this.sent && !scheduled && unmasked;
  }
}

/** The driver's own poller with the look at the ring and the completion in two blocks, so that an interrupt can come between them. */
export class TwoBlockPoll implements NapiSteps {
  protected readonly race: Race;
  protected readonly inner: NapiSteps;
  private looked: boolean = false;

  constructor(race: Race) {
    this.race = race;
    this.inner = race.napi.steps as NapiSteps;
  }

  pollBegin(napi: NapiStruct, budget: number): void {
    this.looked = false;
    this.inner.pollBegin(napi, budget);
  }

  pollStep(napi: NapiStruct): boolean {
    if (this.looked) return false;
    this.look(napi);
    if (this.inner.pollStep(napi)) return true;
    this.looked = true;
    this.race.log += 'K';
    this.charge(napi, 2);
    return true;
  }

  protected look(_napi: NapiStruct): void {}

  protected charge(napi: NapiStruct, cycles: number): void {
    napi.softnet.cpus.smp_processor().charge(cycles);
  }

  pollEnd(napi: NapiStruct): number {
    this.race.log += 'C';
    const done = this.inner.pollEnd(napi);
    this.charge(napi, 2);
    return done;
  }
}
