import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MSI_ADDRESS_BASE } from '../../../src/hw/pcie/index.js';
import { type SimTarget, TP, type TraceSink, type TraceView } from '../../../src/sim/index.js';
import { runs } from '../../support/fc.js';
import { Bench } from './fake-device.js';

const MEM = 2;
const MASTER = 4;

function filled(bench: Bench, at: number, length: number, from = 1): void {
  for (let i = 0; i < length; i++) bench.sim.arena.u8[at + i] = from + i;
}

function bytes(bench: Bench, at: number, length: number): number[] {
  return [...bench.sim.arena.u8.subarray(at, at + length)];
}

/** Enables MSI with the given message. */
function enableMsi(bench: Bench, data = 0x41): void {
  bench.rc.ecamWrite(24, 0xd4, 4, MSI_ADDRESS_BASE);
  bench.rc.ecamWrite(24, 0xdc, 2, data);
  bench.rc.ecamWrite(24, 0xd2, 2, 1);
}

class Messages {
  list: string[] = [];
  onMessage: (() => void) | null = null;
  message(addressLo: number, data: number): void {
    this.list.push(`${(addressLo >>> 0).toString(16)} ${data}`);
    if (this.onMessage !== null) this.onMessage();
  }
  intx(slot: number, pin: number, level: number): void {
    this.list.push(`intx ${slot} ${pin} ${level}`);
  }
  route(): number {
    return 16;
  }
}

function withMessages(bench: Bench): Messages {
  const messages = new Messages();
  bench.rc.messageTarget = messages;
  bench.rc.intxTarget = messages;
  return messages;
}

describe('DMA', () => {
  it('mastering on: read and write copy any length and alignment', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(4096);
    const { port, local } = bench.device;
    const arb = fc.record({
      length: fc.integer({ min: 1, max: 100 }),
      to: fc.nat(40),
      from: fc.nat(40),
      read: fc.boolean(),
    });
    fc.assert(
      fc.property(arb, ({ length, to, from, read }) => {
        bench.sim.arena.u8.fill(0, ram, ram + 200).fill(0, local, local + 200);
        const [source, sink] = read ? [ram + from, local + to] : [local + from, ram + to];
        filled(bench, source, length);
        if (read) port.dmaRead(source, 0, length, sink, 1);
        else port.dmaWrite(sink, 0, length, source, 0);
        expect(bytes(bench, sink, length)).toEqual(bytes(bench, source, length));
        expect([bench.sim.arena.u8[sink - 1], bench.sim.arena.u8[sink + length]]).toEqual([0, 0]);
      }),
      { numRuns: runs(200) },
    );
  });

  it('read asked for: completion comes later, never inside the call', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(64);
    bench.device.port.dmaRead(ram, 0, 16, bench.device.local, 7);
    expect(bench.device.log).toEqual([]);
    bench.settle();
    expect(bench.device.log).toEqual(['complete 7 1']);
  });

  it('mastering off: nothing moves, reads complete with 0, all counted', () => {
    const bench = new Bench();
    const ram = bench.mem.alloc(64);
    const { port, local } = bench.device;
    filled(bench, local, 16);
    port.dmaWrite(ram, 0, 16, local, 5);
    port.dmaRead(ram, 0, 16, local, 7);
    port.msiWrite(MSI_ADDRESS_BASE, 0, 0x41);
    bench.settle();
    expect(bytes(bench, ram, 16)).toEqual(new Array(16).fill(0));
    expect(bytes(bench, local, 1)).toEqual([1]);
    expect(bench.sim.arena.tags[ram >>> 11]).toBe(0);
    expect(bench.device.log).toEqual(['complete 7 0']);
    expect(bench.rc.functions[0]?.counters).toMatchObject({
      dmaReadMasterOff: 1,
      dmaWriteMasterOff: 1,
      msiMasterOff: 1,
      dmaReads: 0,
      dmaWrites: 0,
      msi: 0,
    });
  });

  it('address of another owner, above 4 GiB, at the end of memory, negative: unsupported request', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const { port, local, config } = bench.device;
    const other = bench.sim.arena.claim(2, 1);
    const own = bench.sim.arena.claim(1, 1);
    const end = own + 256 * 1024;
    const bad: [number, number, number][] = [
      [other, 0, 16],
      [own, 1, 16],
      [end - 8, 0, 16],
      [-4096, 0, 16],
      [0, 0, 16],
      [local, 0, 16],
    ];
    filled(bench, local, 16);
    bad.forEach(([lo, hi, length], i) => {
      port.dmaWrite(lo, hi, length, local, 0);
      port.dmaRead(lo, hi, length, local + 64, i);
    });
    bench.settle();
    expect(bench.device.log).toEqual(bad.map((_, i) => `complete ${i} 0`));
    expect(bench.rc.functions[0]?.counters).toMatchObject({
      unsupportedRequest: 2 * bad.length,
      dmaReads: 0,
      dmaWrites: 0,
    });
    expect(bytes(bench, end - 8, 8)).toEqual(new Array(8).fill(0));
    expect(config.read(6, 2) & 0x2000).toBe(0x2000);
    config.write(6, 2, 0x2000);
    expect(config.read(6, 2) & 0x2000).toBe(0);
  });

  it('length 0: a read completes, a write does nothing', () => {
    const bench = new Bench();
    bench.command(MASTER);
    bench.device.port.dmaRead(0, 0, 0, bench.device.local, 3);
    bench.device.port.dmaWrite(0, 0, 0, bench.device.local, 3);
    bench.settle();
    expect(bench.device.log).toEqual(['complete 3 1']);
  });

  it('a local buffer in host memory: DMA_BUFFER', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(64);
    const fault = expect.objectContaining({ code: 'DMA_BUFFER' }) as Error;
    expect(() => bench.device.port.dmaWrite(ram, 0, 16, ram + 16, 0)).toThrow(fault);
    expect(() => bench.device.port.dmaRead(ram, 0, -1, bench.device.local, 0)).toThrow(fault);
  });

  it('journey given: every 2 KiB touched is tagged; 0 leaves tags alone', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(8192, 8192);
    const { port, local } = bench.device;
    port.dmaWrite(ram + 2000, 0, 2200, local, 9);
    port.dmaWrite(ram, 0, 16, local, 0);
    expect([0, 1, 2, 3].map((i) => bench.sim.arena.tags[(ram >>> 11) + i])).toEqual([9, 9, 9, 0]);
  });
});

describe('gating of interrupts', () => {
  it('INTx request: IntStatus follows it, messages only while nothing forbids them', () => {
    const bench = new Bench();
    const messages = withMessages(bench);
    const { config, port } = bench.device;
    const check = (what: () => void, expected: string[], status: boolean): void => {
      messages.list = [];
      what();
      expect(messages.list).toEqual([]);
      bench.settle();
      expect([messages.list, config.interruptStatus()]).toEqual([expected, status]);
    };
    check(() => port.intx(1), ['intx 3 1 1'], true);
    check(() => port.intx(1), [], true);
    check(() => bench.command(0x400), ['intx 3 1 0'], true);
    check(() => port.intx(0), [], false);
    check(() => port.intx(1), [], true);
    check(() => bench.command(0), ['intx 3 1 1'], true);
    check(() => enableMsi(bench), ['intx 3 1 0'], true);
    check(() => bench.rc.ecamWrite(24, 0xd2, 2, 0), ['intx 3 1 1'], true);
    check(() => port.intx(0), ['intx 3 1 0'], false);
  });

  it('random configuration and requests: the signalled level is request AND NOT disabled AND NOT MSI', () => {
    const step = fc.record({ what: fc.constantFrom('intx', 'command', 'msi'), on: fc.boolean(), settle: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bench = new Bench();
        const messages = withMessages(bench);
        let [request, disabled, msi, wire] = [false, false, false, false];
        const last = (): void => {
          for (const m of messages.list) wire = m.endsWith('1 1');
          messages.list = [];
        };
        for (const s of steps) {
          if (s.what === 'intx') {
            request = s.on;
            bench.device.port.intx(request ? 1 : 0);
          } else if (s.what === 'command') {
            disabled = s.on;
            bench.command(disabled ? 0x400 : 0);
          } else {
            msi = s.on;
            bench.rc.ecamWrite(24, 0xd2, 2, msi ? 1 : 0);
          }
          if (!s.settle) continue;
          bench.settle();
          last();
          expect(wire).toBe(request && !disabled && !msi);
          expect(bench.device.config.interruptStatus()).toBe(request);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it('MSI: needs its enable bit and bus mastering; message as programmed', () => {
    const bench = new Bench();
    const messages = withMessages(bench);
    bench.command(MEM | MASTER);
    expect(bench.device.msi()).toBe(false);
    enableMsi(bench, 0x1234);
    expect(bench.device.msi()).toBe(true);
    bench.command(MEM);
    bench.device.msi();
    bench.settle();
    expect(messages.list).toEqual([`fee00000 ${0x1234}`]);
    expect(bench.rc.functions[0]?.counters).toMatchObject({ msi: 1, msiMasterOff: 1 });
  });

  it('MSI to RAM is a write, above 4 GiB or to nothing unsupported, without controller lost', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(64);
    const { port } = bench.device;
    port.msiWrite(ram + 4, 0, 0x55667788);
    port.msiWrite(MSI_ADDRESS_BASE, 1, 1);
    port.msiWrite(0x100, 0, 1);
    port.msiWrite(MSI_ADDRESS_BASE, 0, 1);
    bench.settle();
    expect(bench.sim.arena.dv.getInt32(ram + 4, true)).toBe(0x55667788);
    expect(bench.rc.functions[0]?.counters.unsupportedRequest).toBe(2);
    expect(bench.rc.counters.lostMessage).toBe(1);
  });
});

describe('order', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), at: fc.nat(63), value: fc.integer({ min: 1, max: 255 }) }),
    fc.record({ kind: fc.constant('msi' as const), at: fc.constant(0), value: fc.constant(0) }),
    fc.record({ kind: fc.constant('intx' as const), at: fc.constant(0), value: fc.nat(1) }),
    fc.record({ kind: fc.constant('read' as const), at: fc.nat(63), value: fc.constant(0) }),
    fc.record({ kind: fc.constant('settle' as const), at: fc.constant(0), value: fc.constant(0) }),
    fc.record({ kind: fc.constant('mmio' as const), at: fc.constant(0), value: fc.constant(0) }),
  );

  it('random DMA writes, MSI, INTx, register reads: at each MSI all earlier writes are visible, messages in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bench = new Bench();
        const messages = withMessages(bench);
        bench.command(MEM | MASTER);
        bench.rc.ecamWrite(24, 0x10, 4, 0xc0000000);
        const io = bench.rc.ioremap(0xc0000000, 64);
        const ram = bench.mem.alloc(64);
        const { port, local, config } = bench.device;
        const memory = new Array<number>(64).fill(0);
        /** For each MSI under way, what memory must hold at least by then. */
        const due: [number, number][][] = [];
        const written: [number, number][] = [];
        const sent: string[] = [];
        const seen: string[] = [];
        let stamp = 0;
        const versions = new Array<number>(64).fill(0);
        messages.message = (_lo: number, data: number): void => {
          seen.push(`msi ${data}`);
          for (const [at, version] of due.shift() ?? []) {
            expect(versions[at]).toBeGreaterThanOrEqual(version);
            if (versions[at] === version) expect(bench.sim.arena.u8[ram + at]).toBe(memory[at]);
          }
        };
        messages.intx = (_slot: number, _pin: number, level: number): void => {
          seen.push(`intx ${level}`);
        };
        let level = 0;
        for (const s of steps) {
          if (s.kind === 'write') {
            bench.sim.arena.u8[local] = s.value;
            versions[s.at] = ++stamp;
            memory[s.at] = s.value;
            written.push([s.at, stamp]);
            port.dmaWrite(ram + s.at, 0, 1, local, 0);
          } else if (s.kind === 'msi') {
            due.push([...written]);
            sent.push(`msi ${sent.length}`);
            port.msiWrite(MSI_ADDRESS_BASE, 0, sent.length - 1);
            expect(seen.length).toBeLessThan(sent.length);
          } else if (s.kind === 'intx') {
            if (s.value !== level) sent.push(`intx ${s.value}`);
            level = s.value;
            port.intx(s.value as 0 | 1);
          } else if (s.kind === 'read') {
            port.dmaRead(ram + s.at, 0, 1, local + 64, stamp);
          } else if (s.kind === 'mmio') {
            io?.read32(0);
            expect(seen).toEqual(sent);
          } else {
            bench.settle();
            expect(seen).toEqual(sent);
          }
        }
        bench.settle();
        expect(seen).toEqual(sent);
        expect(bytes(bench, ram, 64)).toEqual(memory);
        expect(config.interruptStatus()).toBe(level === 1);
      }),
      { numRuns: runs(200) },
    );
  });

  it('INTx lowered inside a register read: the deassertion has arrived when the read returns', () => {
    const bench = new Bench();
    const messages = withMessages(bench);
    bench.command(MEM);
    bench.rc.ecamWrite(24, 0x10, 4, 0xc0000000);
    const io = bench.rc.ioremap(0xc0000000, 64);
    bench.device.port.intx(1);
    bench.settle();
    bench.device.onRead = (): void => bench.device.port.intx(0);
    io?.read32(0);
    expect(messages.list).toEqual(['intx 3 1 1', 'intx 3 1 0']);
    bench.settle();
    expect(messages.list.length).toBe(2);
  });

  it('100 messages sent before any arrives: all arrive, in order', () => {
    const bench = new Bench();
    const messages = withMessages(bench);
    bench.command(MASTER);
    for (let i = 0; i < 100; i++) bench.device.port.msiWrite(MSI_ADDRESS_BASE, 0, i);
    bench.settle();
    expect(messages.list).toEqual(Array.from({ length: 100 }, (_, i) => `fee00000 ${i}`));
  });

  it('a message posted while messages are delivered comes after an event already waiting', () => {
    const bench = new Bench();
    const messages = withMessages(bench);
    bench.command(MASTER);
    const other: SimTarget = { handle: () => void messages.list.push('other') };
    const target = bench.sim.attach(other);
    messages.onMessage = (): void => {
      messages.onMessage = null;
      bench.device.port.msiWrite(MSI_ADDRESS_BASE, 0, 2);
    };
    bench.device.port.msiWrite(MSI_ADDRESS_BASE, 0, 1);
    bench.sim.post(target, 0, 0, 0);
    bench.settle();
    expect(messages.list).toEqual(['fee00000 1', 'other', 'fee00000 2']);
  });
});

describe('device timers and trace', () => {
  it('timer armed, re-armed, disarmed: fires once at the last time set', () => {
    const bench = new Bench();
    const { port } = bench.device;
    const timer = port.createTimer(5, 6);
    const stopped = port.createTimer(7, 8);
    port.armTimer(timer, 100);
    port.armTimer(timer, 300);
    port.armTimer(stopped, 50);
    port.disarmTimer(stopped);
    port.at[0] = 250;
    bench.sim.drain(200);
    expect(bench.device.log).toEqual([]);
    port.at[0] = 250;
    port.armTimerAt(timer);
    bench.sim.drain(1000);
    expect(bench.device.log).toEqual(['timer 5 6']);
    expect(bench.sim.clock[0]).toBe(250);
  });

  it('tracing: DMA, MSI and INTx are recorded with their arguments', () => {
    const bench = new Bench();
    bench.command(MASTER);
    const ram = bench.mem.alloc(64);
    const seen: number[][] = [];
    const sink: TraceSink = {
      records(view: TraceView): void {
        for (let i = 0; i < view.length; i++) {
          seen.push([view.id(i), view.who(i), view.journey(i), view.a(i), view.b(i), view.c(i)]);
        }
      },
    };
    bench.sim.trace.addSink(sink);
    const { port, local } = bench.device;
    port.dmaWrite(ram, 0, 16, local, 4);
    port.dmaRead(ram, 0, 8, local, 2);
    port.msiWrite(MSI_ADDRESS_BASE, 0, 0x41);
    port.intx(1);
    bench.settle();
    bench.sim.trace.flush();
    const who = (1 << 8) | 3;
    expect(seen).toEqual([
      [TP.DMA_WRITE, who, 4, ram, 16, 0],
      [TP.DMA_READ, who, 4, ram, 8, 2],
      [TP.MSI, who, 0, MSI_ADDRESS_BASE, 0x41, 0],
      [TP.INTX, who, 0, 1, 1, 0],
    ]);
  });
});
