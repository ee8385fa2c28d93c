import {
  disable_irq_nosync,
  enable_irq,
  irq_set_affinity,
  PCI_D0,
  PCI_D3hot,
  pci_reset_function,
  pci_set_power_state,
  readl,
  synchronize_hardirq,
  writel,
} from '../../src/driver/index.js';
import { IOAPIC_BASE } from '../../src/hw/pcie/index.js';
import { NAPIF_STATE_SCHED } from '../../src/napi/index.js';
import { IMS } from './shared-device.js';
import type { Sharer } from './shared-driver.js';
import { GSI, type Rig } from './shared-rig.js';

/** What happens to the machine: something a device does, or something its kernel or drivers do in a task block. */
export type Action =
  | { do: 'raise'; dev: number }
  | { do: 'reset'; dev: number }
  | { do: 'suspend'; dev: number }
  | { do: 'resume'; dev: number }
  | { do: 'free'; dev: number }
  | { do: 'bind'; dev: number }
  | { do: 'disable' | 'enable' | 'mask' | 'unmask' }
  | { do: 'move'; cpu: number };

/** `raise 0`, `move 1`, `disable` and so on. */
export function parse(text: string): Action {
  const [what, n] = text.split(' ');
  if (what === 'move') return { do: 'move', cpu: Number(n) };
  if (n !== undefined) return { do: what, dev: Number(n) } as Action;
  return { do: what } as Action;
}

export function print(action: Action): string {
  return 'dev' in action ? `${action.do} ${action.dev}` : 'cpu' in action ? `move ${action.cpu}` : action.do;
}

const IOREGSEL: number = IOAPIC_BASE;
const IOWIN: number = IOAPIC_BASE + 0x10;
const REDIR_MASKED = 1 << 16;

/** The mask bit of the pin's entry, by someone other than the core. */
function mask(rig: Rig, masked: boolean): void {
  rig.rawMasked = masked;
  if (!masked) {
    rig.desc.chip.sync?.(rig.desc, 0);
    return;
  }
  rig.rc.write32(IOREGSEL, 0x10 + 2 * GSI);
  rig.rc.write32(IOWIN, rig.rc.read32(IOWIN) | REDIR_MASKED);
}

/** No handler or thread of the line is under way: a driver waits for that before it puts its device to sleep. */
function quiet(rig: Rig): boolean {
  return synchronize_hardirq(rig.irqs, rig.irq);
}

function suspend(rig: Rig, dev: number): boolean {
  if (!quiet(rig)) return false;
  rig.away.add(dev);
  rig.rebound.add(dev);
  pci_set_power_state(rig.sharers[dev].pdev, PCI_D3hot);
  return true;
}

function resume(rig: Rig, dev: number): boolean {
  const d = rig.sharers[dev];
  pci_set_power_state(d.pdev, PCI_D0);
  writel(d.io, IMS, d.causes);
  rig.away.delete(dev);
  return true;
}

function reset(rig: Rig, dev: number): boolean {
  const d = rig.sharers[dev];
  pci_reset_function(d.pdev);
  writel(d.io, IMS, d.causes);
  return true;
}

/** A poll is scheduled, or its write that unmasks the device has not arrived: after it nobody would serve the device. */
function polls(d: Sharer): boolean {
  return d.napi !== null && ((d.napi.state & NAPIF_STATE_SCHED) !== 0 || readl(d.io, IMS) === 0);
}

function release(rig: Rig, dev: number): boolean {
  if (!quiet(rig) || polls(rig.sharers[dev])) return false;
  rig.rebound.add(dev);
  rig.wasDisabled = true;
  rig.free(dev);
  return true;
}

function bind(rig: Rig, dev: number): boolean {
  rig.request(rig.sharers[dev]);
  rig.away.delete(dev);
  return true;
}

function disable(rig: Rig): boolean {
  rig.wasDisabled = true;
  disable_irq_nosync(rig.irqs, rig.irq);
  return true;
}

/** What the kernel does in a task block: true when it is done. */
function inTask(rig: Rig, action: Action): boolean {
  switch (action.do) {
    case 'reset':
      return reset(rig, action.dev);
    case 'suspend':
      return suspend(rig, action.dev);
    case 'resume':
      return resume(rig, action.dev);
    case 'free':
      return release(rig, action.dev);
    case 'bind':
      return bind(rig, action.dev);
    case 'disable':
      return disable(rig);
    case 'move':
      return irq_set_affinity(rig.irqs, rig.irq, [action.cpu]) === 0;
    default:
      enable_irq(rig.irqs, rig.irq);
      return true;
  }
}

/** Takes place at the machine `rig`: at once, or asked of the kernel. */
export function perform(rig: Rig, action: Action): void {
  if (action.do === 'raise') rig.devices[action.dev].raise();
  else if (action.do === 'mask' || action.do === 'unmask') mask(rig, action.do === 'mask');
  else rig.ask(() => inTask(rig, action));
}
