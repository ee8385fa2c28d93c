import { describe, expect, it } from 'vitest';
import { type Copier, copier, type Job } from '../../examples/device/driver.js';
import { CopyEngine } from '../../examples/device/engine.js';
import * as R from '../../examples/device/regs.js';
import { tiny } from '../../examples/driver/driver.js';
import { crc32 } from '../../src/bytes/index.js';
import {
  dma_alloc_coherent,
  dmesg,
  E1000eDriver,
  PCI_IRQ_INTX,
  PCI_IRQ_MSI,
  type PciDriver,
  pci_unbind,
  readl,
  writel,
} from '../../src/driver/index.js';
import { createNetwork, type Host, type HostOptions, type Network } from '../../src/host/index.js';
import { ConfigSpace, type DevicePortFactory, type PciDevice } from '../../src/hw/index.js';
import { dev_open } from '../../src/skbuff/index.js';
import { AF_INET, EIO, ENOSPC, ETIMEDOUT, SOCK_DGRAM } from '../../src/uapi/index.js';
import type { FramePool, WirePort } from '../../src/wire/index.js';

const create = (ports: DevicePortFactory): PciDevice => new CopyEngine(ports);
const nobody: PciDriver = { name: 'nobody', id_table: [{ vendor: 1, device: 2 }], probe: () => 0, remove: () => {} };
const every = (name: string, err: number): PciDriver => ({
  ...nobody,
  name,
  id_table: [{ vendor: -1, device: -1 }],
  probe: () => err,
});

/** The class, code and message of what a host with these options is answered with. */
function mistake(options: HostOptions): string {
  try {
    createNetwork().host('b', options);
  } catch (e) {
    const { name, code, message } = e as { name: string; code: string; message: string };
    return `${name} ${code}: ${message}`;
  }
  return 'accepted';
}

describe('mistakes with devices and drivers: one clear error each', () => {
  it.each<[string, HostOptions, RegExp]>([
    [
      'slot wanted twice',
      { slot: 5, devices: [{ create, slot: 5 }] },
      /HostError ERR_SOFTIRQ_SLOT: b: slot 5 is wanted by NIC 0 and by devices\[0\]/,
    ],
    ['slot 0', { slot: 0 }, /ERR_SOFTIRQ_SLOT: b: slot of NIC 0 is 0, must be 1 to 31/],
    ['slot 32', { devices: [{ create, slot: 32 }] }, /ERR_SOFTIRQ_SLOT: b: slot of devices\[0\] is 32/],
    ['half a slot', { nics: [{ slot: 4.5 }] }, /ERR_SOFTIRQ_SLOT: b: slot of NIC 1 is 4\.5/],
    [
      'no slot left',
      { devices: Array.from({ length: 29 }, () => ({ create })) },
      /ERR_SOFTIRQ_SLOT: b: no slot is left for devices\[28\]/,
    ],
    [
      'unknown option of a device',
      { devices: [{ create, slots: 5 } as never] },
      /OptionError OPTION: devices has no option 'slots'/,
    ],
    ['devices without a list', { devices: { create } as never }, /OptionError OPTION: devices of host is a list/],
    ['device without a factory', { devices: [{} as never] }, /ERR_SOFTIRQ_DEVICE: create of devices is a function/],
    [
      'factory without return',
      { devices: [{ create: (() => {}) as never }] },
      /ERR_SOFTIRQ_DEVICE: b: devices\[0\]\.create returned nothing: is a return missing\?/,
    ],
    [
      'factory of a number',
      { devices: [{ create: (() => 7) as never }] },
      /ERR_SOFTIRQ_DEVICE: b: devices\[0\]\.create returned 7, no PciDevice/,
    ],
    [
      'factory of half a device',
      { devices: [{ create: (() => ({ mmioRead() {}, reset() {} })) as never }] },
      /without config \(a ConfigSpace\), mmioWrite\(\), dmaComplete\(\), timer\(\)$/,
    ],
    [
      'driver of another name',
      { driver: 'e1000' as never },
      /ERR_SOFTIRQ_DRIVER: driver of host is 'e1000e' or 'none' or a function/,
    ],
    [
      'our driver for a device',
      { devices: [{ create, driver: 'e1000e' as never }] },
      /ERR_SOFTIRQ_DRIVER: driver of devices is 'none' or a function/,
    ],
    [
      'factory of no driver',
      { driver: (() => ({ name: 'x', probe() {} })) as never },
      /ERR_SOFTIRQ_DRIVER: b: the driver factory made no PciDriver: no id_table, remove\(\)$/,
    ],
    ['factory of nothing', { driver: (() => {}) as never }, /made no PciDriver \(nothing was returned\)/],
    [
      'driver of other devices',
      { driver: () => nobody },
      /ERR_SOFTIRQ_PROBE: b: the id_table of driver 'nobody' does not list 0000:00:03\.0, which is 8086:10d3/,
    ],
    [
      'driver that refuses',
      { driver: () => every('no', -12) },
      /ERR_SOFTIRQ_PROBE: b: driver 'no' did not take 0000:00:03\.0 \(8086:10d3\): probe returned -12 \(ENOMEM\)/,
    ],
    [
      'addresses without a network device',
      { addresses: ['10.0.0.1/24'], driver: () => every('mute', 0) },
      /ERR_SOFTIRQ_NO_DRIVER: .* driver 'mute' registered none, or did not say SET_NETDEV_DEV/,
    ],
    [
      'addresses without a driver',
      { addresses: ['10.0.0.1/24'], driver: 'none' },
      /ERR_SOFTIRQ_NO_DRIVER: .*: nobody drives it/,
    ],
    [
      'settings of our driver without it',
      { driver: tiny(), rx_usecs: 50 },
      /ERR_SOFTIRQ_OPTION: rx_usecs is a setting of e1000e, which drives no NIC/,
    ],
    ['settings of our driver with it', { driver: tiny(), nics: [{ driver: 'e1000e' }], rx_usecs: 50 }, /^accepted$/],
    ['ports of two devices', { devices: [{ create }, { create, slot: 9 }] }, /^accepted$/],
  ])('%s', (_name, options, expected) => {
    expect(mistake(options)).toMatch(expected);
  });

  it('a cable into a device without a socket', () => {
    const net = createNetwork();
    const [device] = net.host('b', { devices: [{ create }] }).devices;
    expect(() => net.port(device)).toThrow(/b 0000:00:04\.0 has no socket: no method connect\(port\)/);
  });
});

describe('slots', () => {
  it('none named: NICs from 3 on, then the devices; named ones are left out', () => {
    const net = createNetwork();
    const host = net.host('a', { nics: [{}, { slot: 4 }], devices: [{ create }, { create, slot: 3 }] });
    expect(host.nics.map((nic) => nic.pci.slot)).toEqual([5, 6, 4]);
    expect(host.devices.map((device) => device.pci.slot)).toEqual([7, 3]);
    expect(host.nics.map((nic) => nic.name)).toEqual(['eth0', 'eth1', 'eth2']);
  });
});

describe('what is on the bus', () => {
  it('a card with two functions: each has its driver and its interrupt', async () => {
    const net = createNetwork({ checked: true });
    const one = copier();
    const host = net.host('a', { devices: [1, 0].map((fn) => ({ create, slot: 9, fn, driver: one })) });
    expect(host.devices.map(({ pdev }) => pdev.name)).toEqual(['0000:00:09.1', '0000:00:09.0']);
    const [source, target] = [0, 1].map(() => dma_alloc_coherent(host.devices[0].pdev, 4096));
    const jobs = host.devices.map(({ pdev }) => (pdev.drvdata as Copier).copy(source, target, 64) as Job);
    await net.run();
    expect([jobs.map((job) => job.status), host.irqs()]).toEqual([[0, 0], 2]);
    expect(
      host
        .lspci()
        .split('\n')
        .map((line) => line.slice(0, 7)),
    ).toEqual(['00:03.0', '00:09.0', '00:09.1', '']);
    expect(host.lspci({ verbose: 2 })).toMatch(/MSI: Enable\+ Count=1\/1/);
  });

  it('by MSI-X: three vectors with the names Linux gives them', () => {
    const host = createNetwork().host('a', { interrupts: 'msix' });
    expect(host.interrupts()).toMatch(/eth0-rx-0[\s\S]*eth0-tx-0[\s\S]*eth0$/m);
  });
});

describe('a host without a driver', () => {
  it('boots; a driver registered later takes the NIC and it works', async () => {
    const net = createNetwork({ checked: true });
    const a = net.host('a', { addresses: ['10.0.0.1/24'] });
    const b = net.host('b', { driver: 'none' });
    net.wire(a, b);
    expect([b.nic.name, b.nic.driver, b.nic.netdev, b.driver.adapters]).toEqual(['0000:00:03.0', null, null, []]);
    expect(() => b.nic.dev).toThrow(/b 0000:00:03\.0 has no network device: nobody drives it/);
    expect(b.insmod(tiny()).name).toBe('tiny');
    expect(dev_open(b.nic.dev)).toBe(0);
    b.inet.addAddress(b.nic.dev, '10.0.0.2/24');
    expect(await echo(net, a, b)).toBe('hello');
    b.rmmod(b.nic.driver as PciDriver);
    expect([b.nic.driver, b.nic.netdev, b.bus.drivers]).toEqual([null, null, []]);
    expect(() => b.insmod((() => 7) as never)).toThrow(/b: the driver factory made no PciDriver/);
    expect(() => b.insmod(7 as never)).toThrow(/b: a driver is loaded by a function/);
  });

  it('driver loaded twice, or taken away twice: refused', () => {
    const b = createNetwork().host('b', { driver: 'none' });
    const first = b.insmod(tiny());
    expect(() => b.insmod(tiny())).toThrow(/b: a driver named 'tiny' is loaded already/);
    expect(b.bus.drivers).toEqual([first]);
    b.rmmod(first);
    expect(() => b.rmmod(first)).toThrow(/b: the driver to take away is not loaded/);
    expect(b.insmod(tiny())).toBe(b.nic.driver);
  });

  it('driver whose probe throws: the device is free for the next', () => {
    const b = createNetwork().host('b', { driver: 'none' });
    expect(() => b.insmod((host) => new E1000eDriver(host, { weight: 99 }))).toThrow(/weight is 99/);
    expect([b.nic.driver, b.bus.drivers]).toEqual([null, []]);
    b.insmod((host) => new E1000eDriver(host));
    expect(b.nic.dev.name).toBe('eth0');
  });
});

/** What a program on `a` gets back from one on `b`. */
async function echo(net: Network, a: Host, b: Host): Promise<string | undefined> {
  b.spawn(async (sys) => {
    const fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.bind(fd, { address: '0.0.0.0', port: 7 });
    const { data, from } = await sys.recvfrom(fd, 2048);
    await sys.sendto(fd, data, 0, from);
  });
  const client = a.spawn(async (sys) => {
    const fd = sys.socket(AF_INET, SOCK_DGRAM);
    await sys.sendto(fd, 'hello', 0, { address: '10.0.0.2', port: 7 });
    return new TextDecoder().decode((await sys.recvfrom(fd, 2048)).data);
  });
  await net.run();
  return client.result;
}

/** A host with one engine, its driver's state, and two pages of its memory. */
class Bench {
  readonly net: Network;
  readonly host: Host;
  readonly source: number;
  readonly target: number;

  constructor(kinds: number, options: HostOptions = {}) {
    this.net = createNetwork({ checked: true });
    this.host = this.net.host('h', { devices: [{ create, driver: copier(kinds) }], ...options });
    const { pdev } = this.host.devices[0];
    this.source = dma_alloc_coherent(pdev, 8192);
    this.target = dma_alloc_coherent(pdev, 8192);
    for (let i = 0; i < 8192; i++) this.host.mem.arena.u8[this.source + i] = i * 7;
  }

  engine(i = 0): Copier {
    return this.host.devices[i].pdev.drvdata as Copier;
  }

  copied(length: number): boolean {
    const { u8 } = this.host.mem.arena;
    const bytes = (at: number): string => u8.slice(at, at + length).join();
    return bytes(this.source) === bytes(this.target);
  }
}

describe('the copy engine of examples/device', () => {
  it.each([
    ['MSI', PCI_IRQ_MSI],
    ['INTx', PCI_IRQ_INTX],
  ])('over %s: DMA both ways, its time, one interrupt per descriptor', async (_name, kinds) => {
    const bench = new Bench(kinds);
    const c = bench.engine();
    const done: string[] = [];
    for (const length of [1, 4096, 8192]) {
      const job = c.copy(bench.source, bench.target, length) as Job;
      const from = bench.net.now;
      await bench.net.run();
      const { u8 } = bench.host.mem.arena;
      expect([job.status, job.crc, bench.copied(length)]).toEqual([0, crc32(u8, bench.source, length) >>> 0, true]);
      done.push(`${length}: ${bench.net.now - from}`);
    }
    expect(done).toEqual(['1: 201', '4096: 4296', '8192: 8392']);
    expect(bench.host.irqs()).toBe(3);
    expect(bench.host.interrupts()).toMatch(kinds === PCI_IRQ_MSI ? /3 .*PCI-MSI.* copier/ : /3 .*IO-APIC.* copier/);
  });

  it('a full ring refuses; bad addresses and lengths are errors of the job, not of the host', async () => {
    const bench = new Bench(PCI_IRQ_MSI);
    const c = bench.engine();
    const jobs = [
      c.copy(0x7fff0000, bench.target, 64),
      c.copy(bench.source, bench.target, R.MAX_LENGTH + 1),
      c.copy(bench.source, bench.target, -1),
      c.copy(bench.source, bench.target, 0),
      ...[5, 6, 7].map((n) => c.copy(bench.source, bench.target, n)),
    ] as Job[];
    expect(c.copy(bench.source, bench.target, 8)).toBe(-ENOSPC);
    await bench.net.run();
    expect(jobs.map((job) => job.status)).toEqual([-EIO, -EIO, -EIO, 0, 0, 0, 0]);
    expect(bench.host.devices[0].pci.counters.unsupportedRequest).toBe(1);
  });

  it('an engine that hangs: the timer of the driver resets it and the next copy works', async () => {
    const bench = new Bench(PCI_IRQ_MSI);
    const c = bench.engine();
    writel(c.io, R.RATE, 0);
    const job = c.copy(bench.source, bench.target, 64) as Job;
    await bench.net.run();
    expect([job.status, bench.net.now]).toEqual([-ETIMEDOUT, 50_000_000]);
    expect(dmesg(bench.host.irq.log)).toContain('copier 0000:00:04.0: hung at descriptor 0, reset');
    const next = c.copy(bench.source, bench.target, 64) as Job;
    await bench.net.run();
    expect([next.status, readl(c.io, R.HEAD)]).toEqual([0, 1]);
  });

  it('removed with a copy under way: the job ends, nothing is lost, nothing comes later', async () => {
    const bench = new Bench(PCI_IRQ_MSI);
    const { pdev } = bench.host.devices[0];
    const job = bench.engine().copy(bench.source, bench.target, 4096) as Job;
    await bench.net.run({ until: '1us' });
    pci_unbind(pdev);
    expect([job.status, pdev.dma_count, pdev.enable_cnt, pdev.driver]).toEqual([-EIO, 2, 0, null]);
    await bench.net.run();
    expect([bench.copied(4096), bench.net.now]).toEqual([false, 1000]);
  });

  it('two engines, two NICs with different drivers, all on one line: everything arrives', async () => {
    const net = createNetwork({ checked: true });
    const one = copier(PCI_IRQ_INTX);
    const a = net.host('a', { addresses: ['10.0.0.1/24'] });
    const b = net.host('b', {
      interrupts: 'intx',
      nics: [{ addresses: ['10.0.0.2/24'], slot: 7, driver: tiny(PCI_IRQ_INTX) }],
      devices: [11, 15].map((slot) => ({ create, slot, driver: one })),
    });
    net.wire(a, b.nics[1]);
    expect(b.devices[0].driver).toBe(b.devices[1].driver);
    const [source, target] = [0, 1].map(() => dma_alloc_coherent(b.devices[0].pdev, 4096));
    const jobs = b.devices.map(({ pdev }) => (pdev.drvdata as Copier).copy(source, target, 4096) as Job);
    expect(await echo(net, a, b)).toBe('hello');
    await net.run();
    expect(jobs.map((job) => job.status)).toEqual([0, 0]);
    expect(b.interrupts().trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/IO-APIC .* copier, copier, eth0, eth1$/),
    ]);
  });

  it('a snapshot in the middle of a copy goes on as the original; the digest sees a register', async () => {
    const bench = new Bench(PCI_IRQ_MSI);
    bench.engine().copy(bench.source, bench.target, 4096);
    await bench.net.run({ until: '1us' });
    const snapshot = bench.net.snapshot();
    const copies = [snapshot.restore(), snapshot.restore(), snapshot.restore()];
    const third = copies[2].hosts.get('h')?.devices[0].pdev.drvdata as Copier;
    writel(third.io, R.RATE, 999);
    await bench.net.run();
    for (const copy of copies) await copy.run();
    const digests = copies.map((copy) => copy.digest());
    expect(digests.slice(0, 2)).toEqual([bench.net.digest(), bench.net.digest()]);
    expect(digests[2]).not.toBe(digests[0]);
    expect(bench.copied(4096)).toBe(true);
  });
});

describe('a snapshot of what cannot be copied', () => {
  class Odd extends CopyEngine {
    extra: unknown = null;
  }
  class Hidden extends CopyEngine {
    #count = 0;
    override mmioRead(bar: number, offset: number): number {
      return super.mmioRead(bar, offset) + 0 * this.#count++;
    }
  }
  class Arrow extends CopyEngine {
    readonly later = (): number => this.regs[0];
  }
  const refusal = (device: (ports: DevicePortFactory) => PciDevice): string => {
    const net = createNetwork();
    net.host('h', { devices: [{ create: device }] });
    try {
      net.snapshot();
    } catch (e) {
      return `${(e as { code: string }).code}: ${(e as Error).message}`;
    }
    return 'copied';
  };
  const odd = (extra: unknown) => (ports: DevicePortFactory) => Object.assign(new Odd(ports), { extra });

  it.each<[string, (ports: DevicePortFactory) => PciDevice, RegExp]>([
    ['a promise', odd(Promise.resolve()), /^CLONE: cannot clone .*\.extra: a Promise$/],
    ['a bound function', odd(create.bind(null)), /\.extra: a bound function$/],
    ['a weak map', odd(new WeakMap()), /\.extra: a WeakMap$/],
    ['a date', odd(new Date(0)), /\.extra: a Date$/],
    [
      'an arrow function with this',
      (ports) => new Arrow(ports),
      /\.later: an arrow function that uses this: make it a method$/,
    ],
    [
      'a private name',
      (ports) => new Hidden(ports),
      /: an object with the private name #count: say private count instead$/,
    ],
    ['a function of the module', odd(create), /^copied$/],
    ['plain data', odd({ a: [1, new Map([[1, new Uint8Array(3)]])] }), /^copied$/],
  ])('%s', (_name, device, expected) => {
    expect(refusal(device)).toMatch(expected);
  });
});

/** A device with a socket: it sends every frame back where it came from. */
class Mirror implements PciDevice {
  readonly config = new ConfigSpace({ vendor: 0x5071, device: 1, classCode: 0x028000 });
  readonly frames: FramePool;
  wire: WirePort | null = null;
  seen = 0;

  constructor(ports: DevicePortFactory, frames: FramePool) {
    this.frames = frames;
    ports.createPort(this);
  }
  connect(port: WirePort): void {
    this.wire = port;
    port.attach(this);
  }
  frameArrived(frame: number): void {
    this.seen++;
    this.wire?.send(frame);
  }
  linkChanged(): void {}
  dropRecord(): Record<string, number> {
    return { MIRRORED: this.seen };
  }
  mmioRead(): number {
    return this.seen;
  }
  mmioWrite(): void {}
  dmaComplete(): void {}
  timer(): void {}
  reset(): void {}
}

describe('a device with a socket', () => {
  it('takes a cable like a NIC; its losses are in the drops of the host', async () => {
    const net = createNetwork({ checked: true });
    const host = net.host('h', { devices: [{ create: (ports, { frames }) => new Mirror(ports, frames) }] });
    const port = net.port(host.devices[0]);
    port.send(new Uint8Array(60).fill(5));
    await net.run();
    expect(port.received.map(({ bytes }) => bytes.length)).toEqual([60]);
    expect(host.drops()).toEqual({ MIRRORED: 1 });
    expect(() => net.port(host.devices[0])).toThrow(/h 0000:00:04\.0 has a cable already/);
  });
});
