import { describe, expect, it } from 'vitest';
import { IRQ_HANDLED, IRQ_NONE, type IrqDesc } from '../../src/driver/index.js';
import { IOAPIC_BASE, MSI_ADDRESS_BASE } from '../../src/hw/pcie/index.js';
import { napi_disable, napi_enable } from '../../src/napi/index.js';
import { dev_add_pack, dev_close, dev_open, dev_remove_pack } from '../../src/skbuff/index.js';
import { ETH_P_IP } from '../../src/uapi/index.js';
import { assertConservation, assertNetwork } from '../support/conservation.js';
import { udp4Frame } from '../support/frames.js';
import { RECEIVER, Receiver, SENDER } from '../support/receiver.js';

const PCI_COMMAND = 4;
const COMMAND_MEMORY = 2;
const COMMAND_MASTER = 4;
const E1000_ICR = 0xc0;
const E1000_IMS = 0xd0;
const E1000_IMC = 0xd8;
const E1000_RCTL = 0x100;
const RCTL_EN = 2;
const ICR_LSC = 4;
const ICR_RXT0 = 0x80;
const REDIR_MASKED = 0x10000;
const APIC_SPIV = 0xf0;

const both = ['msi', 'intx'] as const;

/** The line or message of the NIC. */
function irqOf(r: Receiver): IrqDesc {
  const { irq } = r.host.driver.adapters[0];
  return r.host.irq.irq_to_desc(irq) as IrqDesc;
}

/** Reads and writes a register of the NIC as any software of the host could. */
function peek(r: Receiver, offset: number): number {
  return r.host.driver.adapters[0].io.mem.read32(offset);
}
function poke(r: Receiver, offset: number, value: number): void {
  r.host.driver.adapters[0].io.mem.write32(offset, value);
}

function setCommand(r: Receiver, bit: number, on: boolean): void {
  const { bdf } = r.host.nic.pci;
  const now = r.host.pci.ecamRead(bdf, PCI_COMMAND, 2);
  r.host.pci.ecamWrite(bdf, PCI_COMMAND, 2, on ? now | bit : now & ~bit);
}

/** `ip link set eth0 down`, `up`: what an administrator does with a NIC that hangs. */
async function reopen(r: Receiver): Promise<void> {
  const { dev } = r.host.nic;
  dev_close(dev);
  await r.net.run();
  expect(dev_open(dev)).toBe(0);
  await r.net.run();
}

async function flows(r: Receiver): Promise<void> {
  expect(await r.send(5)).toBe(5);
  assertNetwork(r.net);
}

describe.each(both)('%s: a station removed', (interrupts) => {
  const rig = async (): Promise<Receiver> => {
    const r = await new Receiver({ interrupts }).ready();
    await flows(r);
    return r;
  };

  it('none: datagrams flow', async () => {
    const r = await rig();
    expect(r.got).toEqual(r.all());
    expect(r.host.drops()).toEqual({});
  });

  it('bus mastering off: nothing is written, frames wait on chip; back on, they come, and reopened, it flows', async () => {
    const r = await rig();
    setCommand(r, COMMAND_MASTER, false);
    const irqs = r.host.irqs();
    const before = { ...r.host.nic.pci.counters };
    expect(await r.send(5)).toBe(0);
    const { dmaReadMasterOff, dmaWrites } = r.host.nic.pci.counters;
    expect(dmaReadMasterOff).toBeGreaterThan(0);
    expect([dmaWrites - before.dmaWrites, r.host.irqs() - irqs]).toEqual([0, 0]);
    expect(assertConservation(r.host).fifo).toBe(5);
    setCommand(r, COMMAND_MASTER, true);
    await r.net.run();
    expect(r.got).toEqual(r.all());
    await reopen(r);
    await flows(r);
  });

  it('IMS clear: causes stand in ICR and are counted as masked; set again, all that waited comes at once', async () => {
    const r = await rig();
    poke(r, E1000_IMC, -1);
    const irqs = r.host.irqs();
    const masked = r.host.nic.chip.irq.masked;
    expect(await r.send(5)).toBe(0);
    expect(r.host.irqs()).toBe(irqs);
    expect(r.host.nic.chip.irq.masked - masked).toBe(5);
    expect(r.host.nic.chip.peek(E1000_ICR) & ICR_RXT0).toBe(ICR_RXT0);
    expect(assertConservation(r.host).pending).toBe(5);
    poke(r, E1000_IMS, ICR_RXT0 | ICR_LSC);
    await r.net.run();
    expect(r.got).toEqual(r.all());
    expect(r.host.irqs()).toBe(irqs + 1);
    await flows(r);
  });

  it('receiver disabled: NIC_RX_DISABLED; enabled again, it flows', async () => {
    const r = await rig();
    const rctl = peek(r, E1000_RCTL);
    poke(r, E1000_RCTL, rctl & ~RCTL_EN);
    expect(await r.send(5)).toBe(0);
    expect(r.host.drops()).toEqual({ NIC_RX_DISABLED: 5 });
    poke(r, E1000_RCTL, rctl);
    await flows(r);
  });

  it('a handler that does not schedule: interrupts are taken, NAPI is not; the right one back, all comes', async () => {
    const r = await rig();
    const [action] = irqOf(r).actions;
    const { handler } = action;
    const [napi] = r.host.napi.napis;
    const { schedules } = napi;
    const irqs = r.host.irqs();
    action.handler = () => {
      peek(r, E1000_ICR);
      return IRQ_HANDLED;
    };
    expect(await r.send(5)).toBe(0);
    expect([r.host.irqs() - irqs, napi.schedules - schedules]).toEqual([1, 0]);
    expect(assertConservation(r.host).pending).toBe(5);
    action.handler = handler;
    poke(r, E1000_IMS, ICR_RXT0 | ICR_LSC);
    await flows(r).catch(() => undefined);
    expect(r.got).toEqual(r.all());
    assertNetwork(r.net);
  });

  it('a handler that says it was not its interrupt: counted as unhandled', async () => {
    const r = await rig();
    const desc = irqOf(r);
    const [action] = desc.actions;
    action.handler = () => {
      peek(r, E1000_ICR);
      return IRQ_NONE;
    };
    expect(await r.send(5)).toBe(0);
    expect(desc.irqs_unhandled).toBe(1);
  });

  it('NAPI disabled: the schedule is refused and counted; enabled again, all comes with the next interrupt', async () => {
    const r = await rig();
    const [napi] = r.host.napi.napis;
    const { schedules } = napi;
    napi_disable(napi);
    expect(await r.send(5)).toBe(0);
    expect([napi.refused, napi.schedules - schedules]).toEqual([1, 0]);
    expect(assertConservation(r.host).pending).toBe(5);
    napi_enable(napi);
    poke(r, E1000_IMS, ICR_RXT0 | ICR_LSC);
    expect(await r.send(1)).toBe(6);
    await flows(r);
  });

  it('packet type unregistered: UNHANDLED_PROTO; registered again, it flows', async () => {
    const r = await rig();
    const type = r.host.net.ptype_base.find((pt) => pt.type === ETH_P_IP);
    if (type === undefined) throw new Error('no handler of IPv4');
    dev_remove_pack(r.host.net, type);
    expect(await r.send(5)).toBe(0);
    expect(r.host.drops()).toEqual({ UNHANDLED_PROTO: 5 });
    expect(r.host.nic.dev.stats.rx_dropped).toBe(5);
    dev_add_pack(r.host.net, type);
    await flows(r);
  });

  it('link down: WIRE_DROP_DOWN; up again, it flows', async () => {
    const r = await rig();
    const [link] = r.net.links;
    link.down();
    expect(await r.send(5)).toBe(0);
    expect(link.a.stats().drops).toEqual({ WIRE_DROP_DOWN: 5 });
    expect(r.host.nic.dev.carrier).toBe(false);
    link.up();
    await r.net.run();
    expect(r.host.nic.dev.carrier).toBe(true);
    await flows(r);
  });

  it('device closed: the reset chip drops, named; opened again, it flows', async () => {
    const r = await rig();
    dev_close(r.host.nic.dev);
    expect(await r.send(5)).toBe(0);
    expect(r.host.drops()).toEqual({ NIC_RX_DISABLED: 5 });
    dev_open(r.host.nic.dev);
    await r.net.run();
    await flows(r);
  });

  it('address of another station: NIC_FILTER', async () => {
    const r = await rig();
    r.port.send(udp4Frame(SENDER, { ...RECEIVER, mac: '02:00:00:00:00:03' }, 'x'));
    await r.net.run();
    expect(r.host.drops()).toEqual({ NIC_FILTER: 1 });
    await flows(r);
  });

  it('socket not bound: NO_SOCKET and a port unreachable; bound, it flows', async () => {
    const r = new Receiver({ interrupts });
    await r.net.run();
    expect(await r.send(5)).toBe(0);
    expect(r.host.drops()).toEqual({ NO_SOCKET: 5 });
    expect(r.host.inet.snmp()['Udp']).toMatchObject({ NoPorts: 5, InDatagrams: 0 });
    expect(r.port.received.map((f) => f.bytes.subarray(34, 36).join())).toEqual(Array(5).fill('3,3'));
    r.listen();
    await r.net.run();
    await flows(r);
  });
});

describe('the way of the interrupt', () => {
  it('INTA#: the IO-APIC entry masked: the pin is active, masked is counted; unmasked, all comes', async () => {
    const r = await new Receiver({ interrupts: 'intx' }).ready();
    const pin = r.host.apics.router.route(r.host.nic.pci.slot, 1);
    const entry = r.host.ioapic.entryLow(pin);
    const program = (low: number): void => {
      r.host.pci.write32(IOAPIC_BASE, 0x10 + 2 * pin);
      r.host.pci.write32(IOAPIC_BASE + 0x10, low);
    };
    const irqs = r.host.irqs();
    const masked = r.host.ioapic.masked[pin];
    program(entry | REDIR_MASKED);
    expect(await r.send(5)).toBe(0);
    expect([r.host.ioapic.masked[pin] - masked, r.host.ioapic.active(pin), r.host.irqs() - irqs]).toEqual([1, true, 0]);
    expect(assertConservation(r.host).pending).toBe(5);
    program(entry);
    await r.net.run();
    expect(r.got).toEqual(r.all());
    await flows(r);
  });

  it('MSI: the local APIC switched off by software: the message is counted as refused; switched on and reopened, it flows', async () => {
    const r = await new Receiver({ interrupts: 'msi' }).ready();
    const [lapic] = r.host.apics.lapics;
    const irqs = r.host.irqs();
    r.host.pci.write32(MSI_ADDRESS_BASE + APIC_SPIV, 0xff);
    expect(await r.send(5)).toBe(0);
    expect([lapic.counters.disabled, r.host.apics.bus.counters.undelivered, r.host.irqs() - irqs]).toEqual([1, 1, 0]);
    expect(assertConservation(r.host).pending).toBe(5);
    r.host.pci.write32(MSI_ADDRESS_BASE + APIC_SPIV, 0x1ff);
    await reopen(r);
    // What lay in the ring is lost with it, by name.
    expect(r.host.drops()).toEqual({ DEV_READY: 5 });
    await flows(r);
  });

  it('MSI enable cleared behind the driver: the chip falls back to INTA#, whose pin nobody unmasked', async () => {
    const r = await new Receiver({ interrupts: 'msi' }).ready();
    const { bdf, slot } = r.host.nic.pci;
    const cap = capability(r, 5);
    const flags = r.host.pci.ecamRead(bdf, cap + 2, 2);
    r.host.pci.ecamWrite(bdf, cap + 2, 2, flags & ~1);
    expect(await r.send(5)).toBe(0);
    expect(r.host.ioapic.masked[r.host.apics.router.route(slot, 1)]).toBe(1);
    r.host.pci.ecamWrite(bdf, cap + 2, 2, flags);
    await reopen(r);
    await flows(r);
  });

  it('memory decoding off, MSI: the interrupt under way is the last, register reads are refused; on and reopened, it flows', async () => {
    const r = await new Receiver({ interrupts: 'msi' }).ready();
    setCommand(r, COMMAND_MEMORY, false);
    // DMA and message need no decoding: the first frame's interrupt is taken, but ICR cannot be read, so that no other follows.
    expect(await r.send(1)).toBe(1);
    const { mmioReadRefused, mmioWriteRefused } = r.host.nic.pci.counters;
    expect(mmioReadRefused).toBeGreaterThan(0);
    expect(mmioWriteRefused).toBeGreaterThan(0);
    const irqs = r.host.irqs();
    expect(await r.send(5)).toBe(0);
    expect(r.host.irqs()).toBe(irqs);
    expect(assertConservation(r.host).pending).toBe(5);
    setCommand(r, COMMAND_MEMORY, true);
    await reopen(r);
    await flows(r);
  });

  it('memory decoding off, INTA#: the line cannot be quieted, the storm of interrupts lets no program run', async () => {
    const r = await new Receiver({ interrupts: 'intx', costs: 'lumped' }).ready();
    setCommand(r, COMMAND_MEMORY, false);
    const irqs = r.host.irqs();
    expect(await r.send(5, 1_000_000)).toBe(0);
    expect(r.host.irqs() - irqs).toBeGreaterThan(100);
    expect(r.host.nic.pci.counters.mmioReadRefused).toBeGreaterThan(100);
    assertConservation(r.host);
  });
});

/** Offset of a capability in the NIC's configuration space. */
function capability(r: Receiver, id: number): number {
  const { bdf } = r.host.nic.pci;
  let at = r.host.pci.ecamRead(bdf, 0x34, 1);
  while (at !== 0 && r.host.pci.ecamRead(bdf, at, 1) !== id) at = r.host.pci.ecamRead(bdf, at + 1, 1);
  return at;
}
