import { PhysicalMemory } from '../../src/hw/memory/index.js';
import { msiAddress, msiData } from '../../src/hw/msi/index.js';
import { Nic82574 } from '../../src/hw/nic/index.js';
import { enumerate, type IoMem, type MessageTarget, PCI_COMMAND, RootComplex } from '../../src/hw/pcie/index.js';
import { Simulation } from '../../src/sim/index.js';
import { FramePool, Link, RawPort } from '../../src/wire/index.js';

/** MAC address of the recorded card. */
const MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);
/** How long the recorded card took for autonegotiation; the replayer lets that time pass where the link came up. */
export const AUTONEG_NS = 500_000_000;
/** RAM of the machine: the rings of the record lie at 28d0000 and 2b6e000. */
const RAM_BYTES = 0x2c00000;
const SLOT = 4;
const MSIX_CAP = 0xa0;
/** Vectors that the driver asked for: rx, tx, other. */
const VECTORS = 3;

/** Takes interrupt messages; the recorded driver's handlers are in the record, so nothing runs here. */
class Messages implements MessageTarget {
  readonly count: Int32Array = new Int32Array(256);

  message(_address: number, data: number): void {
    this.count[data & 0xff]++;
  }
}

/** Our chip behind a root complex, reached only through configuration space and mapped registers. */
export interface Machine {
  readonly sim: Simulation;
  readonly memory: PhysicalMemory;
  readonly nic: Nic82574;
  /** BAR 0. */
  readonly io: IoMem;
  readonly link: Link;
  readonly peer: RawPort;
  readonly messages: Messages;
}

/** Builds the machine and does what the driver did before its first recorded access: BARs, bus mastering, MSI-X. */
export function createMachine(): Machine {
  const sim = new Simulation({ seed: 1 });
  const pool = new FramePool(sim, { checked: true });
  const memory = new PhysicalMemory(sim.arena, 1);
  const messages = new Messages();
  const rc = new RootComplex(sim, memory);
  rc.messageTarget = messages;
  const nic = new Nic82574(rc, pool, MAC, { autoneg_ns: AUTONEG_NS });
  const fn = rc.attach(nic, SLOT);
  const link = new Link(sim, pool, { rate: '1Gbps' });
  nic.connect(link.a);
  const peer = new RawPort(link.b);
  memory.alloc(RAM_BYTES);
  const [info] = enumerate(rc);
  rc.ecamWrite(fn.bdf, PCI_COMMAND, 2, 6);
  const io = map(rc, info.resources[0]);
  const table = map(rc, info.resources[3]);
  for (let v = 0; v < VECTORS; v++) {
    table.write32(v * 16, msiAddress(0));
    table.write32(v * 16 + 8, msiData(0x40 + v));
    table.write32(v * 16 + 12, 0);
  }
  rc.ecamWrite(fn.bdf, MSIX_CAP + 2, 2, 0x8000);
  return { sim, memory, nic, io, link, peer, messages };
}

function map(rc: RootComplex, resource: { base: number; size: number }): IoMem {
  const io = rc.ioremap(resource.base, resource.size);
  if (io === null) throw new Error(`nothing can be mapped at ${resource.base.toString(16)}`);
  return io;
}
