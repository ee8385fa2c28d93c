import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageTarget } from '../../src/hw/pcie/index.js';
import type { Arena } from '../../src/sim/index.js';
import { assertConservation } from '../support/conservation.js';
import { runs } from '../support/fc.js';
import { udp4Frame } from '../support/frames.js';
import { LateDescriptors } from '../support/late-descriptor.js';
import { cycleCosts, Race, type Twist } from '../support/race.js';
import { RECEIVER, SENDER } from '../support/receiver.js';

const E1000_ICR = 0xc0;
const E1000_IMS = 0xd0;
const E1000_IMC = 0xd8;
const E1000_RDH = 0x2810;
const E1000_TDT = 0x3818;
const RXD_STAT_DD = 1;

const plain: Twist = { name: 'the driver as it is' };
const cost = fc.integer({ min: 0, max: 5 });
const costs = fc.record({
  ...{ irq_entry: cost, mmio_read: cost, mmio_write: cost, softirq_entry: cost, napi_poll: cost, napi_complete: cost },
  ...{ rx_packet: cost, tx_packet: cost, tx_clean: cost, syscall: cost, recv: cost, wakeup: cost, switch: cost },
});
const traffic = fc.record({
  costs,
  times: fc.array(fc.nat(400), { minLength: 1, maxLength: 30 }).map((a) => a.sort((x, y) => x - y)),
  ring: fc.constantFrom(64, 256),
  rx_usecs: fc.constantFrom(0, 1),
});

/** Looks at every descriptor the chip has used and the driver has not cleaned, whenever a message reaches the interrupt controllers. */
class DescriptorWatch implements MessageTarget {
  messages: number = 0;
  /** Descriptors without DD behind which an interrupt was already seen. */
  early: number = 0;
  private readonly race: Race;
  private readonly inner: MessageTarget;

  constructor(race: Race) {
    this.race = race;
    this.inner = race.host.pci.messageTarget as MessageTarget;
    race.host.pci.messageTarget = this;
  }

  message(addressLo: number, data: number): void {
    this.messages++;
    const ring = this.race.host.driver.adapters[0].rx_ring;
    const { i32 } = this.race.net.sim.arena;
    const head = this.race.host.nic.chip.peek(E1000_RDH);
    for (let i = ring.next_to_clean; i !== head; i = (i + 1) % ring.count) {
      if ((i32[((ring.dma + i * 16) >> 2) + 2] & RXD_STAT_DD) === 0) this.early++;
    }
    this.inner.message(addressLo, data);
  }
}

describe('MSI and the descriptor', () => {
  it('random traffic: no message is seen before DD of every frame it stands for', () => {
    fc.assert(
      fc.property(traffic, ({ costs: lines, times, ring, rx_usecs }) => {
        const race = new Race({ costs: cycleCosts(lines), ring, rx_usecs }, plain);
        const watch = new DescriptorWatch(race);
        for (let again = 0; again < 3; again++) expect(race.play(times)).toBe(true);
        expect(watch.messages).toBeGreaterThan(0);
        expect(watch.early).toBe(0);
      }),
      { numRuns: runs(40) },
    );
  });

  it('a port that lets messages overtake the write-back: is found', () => {
    const race = new Race({}, plain);
    new LateDescriptors(race, 1);
    const watch = new DescriptorWatch(race);
    race.play([0]);
    expect(watch.early).toBe(1);
  });
});

describe('INTA#', () => {
  /** Runs ns by ns; after each the pin must show the request. Returns how often it was seen active and inactive. */
  const watchLevel = (race: Race, times: readonly number[], moderated: boolean): [number, number] => {
    const { sim } = race.net;
    const { chip, pci } = race.host.nic;
    const pin = race.host.apics.router.route(pci.slot, 1);
    const start = sim.now + 10;
    race.sent += times.length;
    const bytes = udp4Frame(SENDER, RECEIVER, 'x');
    race.port.play(
      times.map((t) => ({ time_ns: t, bytes })),
      10 + times[0],
    );
    const seen: [number, number] = [0, 0];
    for (let t = 0; t < 1000; t++) {
      sim.drain(start + t);
      const request = (chip.peek(E1000_ICR) & chip.peek(E1000_IMS)) !== 0;
      const active = race.host.ioapic.active(pin);
      if (moderated ? active && !request : active !== request) expect(`${t} ns: ${active}`).toBe(`${t} ns: ${request}`);
      seen[active ? 1 : 0]++;
    }
    race.run();
    return seen;
  };

  it('random traffic, no moderation: the level is (ICR & IMS) != 0 after every ns', () => {
    const seen = [0, 0];
    fc.assert(
      fc.property(traffic, ({ costs: lines, times, ring }) => {
        const race = new Race({ costs: cycleCosts(lines), ring, interrupts: 'intx' }, plain);
        watchLevel(race, times, false).forEach((n, level) => {
          seen[level] += n;
        });
        expect(race.sound()).toBe(true);
      }),
      { numRuns: runs(40) },
    );
    // A level that lasts: a frame that comes while a CPU is in a block with interrupts enabled again.
    expect(Math.min(...seen)).toBeGreaterThan(0);
  });

  it('random traffic, moderated: the line is never active without a request', () => {
    fc.assert(
      fc.property(traffic, ({ costs: lines, times, ring }) => {
        const race = new Race({ costs: cycleCosts(lines), ring, interrupts: 'intx', rx_usecs: 1 }, plain);
        watchLevel(race, times, true);
        expect(race.sound()).toBe(true);
      }),
      { numRuns: runs(20) },
    );
  });
});

/** A copy of all memory of an owner. */
function memoryOf(arena: Arena, owner: number): Uint8Array[] {
  const step = 64 * 1024;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < arena.size(); at += step)
    if (arena.ownerOf(at) === owner) parts.push(arena.u8.slice(at, at + step));
  return parts;
}

describe('bus mastering off', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 1400 }), { minLength: 1, maxLength: 20 });

  it('random frames in and descriptors to send: not one byte of host memory is read or written', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 40 }), fc.boolean(), (payloads, descriptors, intx) => {
        const race = new Race({ interrupts: intx ? 'intx' : 'msi' }, plain);
        const { host, net } = race;
        const io = host.driver.adapters[0].io.mem;
        // The CPU is to leave memory alone: what changes it now is DMA.
        io.write32(E1000_IMC, -1);
        host.pci.ecamWrite(host.nic.pci.bdf, 4, 2, 2);
        const before = memoryOf(net.sim.arena, host.id);
        const { dmaReads, dmaWrites } = host.nic.pci.counters;
        for (const payload of payloads) race.port.send(udp4Frame(SENDER, RECEIVER, payload));
        io.write32(E1000_TDT, descriptors);
        race.run();
        expect(Buffer.compare(Buffer.concat(memoryOf(net.sim.arena, host.id)), Buffer.concat(before))).toBe(0);
        const after = host.nic.pci.counters;
        expect([after.dmaReads, after.dmaWrites]).toEqual([dmaReads, dmaWrites]);
        expect(after.dmaReadMasterOff).toBeGreaterThan(0);
        expect(after.dmaWriteMasterOff).toBe(0);
        expect(race.port.arrived).toBe(0);
        // They wait on chip, as many as the FIFO holds.
        const { fifo, nicDrops } = assertConservation(host);
        expect(fifo + nicDrops).toBe(payloads.length);
        expect(host.nic.chip.rx.delivered[0]).toBe(0);
      }),
      { numRuns: runs(25) },
    );
  });

  it('the same with bus mastering on: memory changes (the check can fail)', () => {
    const race = new Race({}, plain);
    race.host.driver.adapters[0].io.mem.write32(E1000_IMC, -1);
    const before = memoryOf(race.net.sim.arena, race.host.id);
    race.port.send(udp4Frame(SENDER, RECEIVER, 'x'));
    race.run();
    expect(Buffer.compare(Buffer.concat(memoryOf(race.net.sim.arena, race.host.id)), Buffer.concat(before))).not.toBe(
      0,
    );
  });
});
