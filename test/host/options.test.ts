import { describe, expect, it } from 'vitest';
import { e1000eLinuxDefaults } from '../../src/driver/index.js';
import { createNetwork, type HostOptions, type NetworkOptions, type WireOptions } from '../../src/host/index.js';
import { drop } from '../../src/wire/index.js';
import { pair } from '../support/pair.js';

/** What a mistake is answered with: the error's class and code, and a message that names what was given. */
function mistake(body: () => unknown): string {
  try {
    body();
  } catch (e) {
    const { name, code, message } = e as { name: string; code: string; message: string };
    expect(message.length).toBeGreaterThan(10);
    return `${name} ${code}`;
  }
  return 'accepted';
}

const host =
  (options: HostOptions): (() => unknown) =>
  () =>
    createNetwork().host('a', options);
const wire =
  (options: WireOptions): (() => unknown) =>
  () =>
    pair({}, {}, options);

const gateways = (...list: string[]): (() => unknown) =>
  host({ addresses: ['10.0.0.1/24', 'fd00::1/64'], gateways: list });

describe('bad options: one clear typed error each', () => {
  it.each<[string, () => unknown, string]>([
    ['host without a name', () => createNetwork().host(''), 'HostError ERR_SOFTIRQ_HOST_NAME'],
    ['address without prefix', host({ addresses: ['10.0.0.1'] }), 'AddressError ERR_INVALID_ADDRESS'],
    ['address that is none', host({ addresses: ['ten/8'] }), 'AddressError ERR_INVALID_ADDRESS'],
    ['prefix too long', host({ addresses: ['10.0.0.1/33'] }), 'AddressError ERR_INVALID_ADDRESS'],
    ['MAC too short', host({ mac: '02:00' }), 'AddressError ERR_INVALID_ADDRESS'],
    ['unknown cost table', host({ costs: 'free' as 'zero' }), 'HostError ERR_SOFTIRQ_COSTS'],
    ['no CPU', host({ cpus: 0 }), 'CpuError BAD_PARAM'],
    ['half a CPU', host({ cpus: 1.5 }), 'CpuError BAD_PARAM'],
    ['hz of 1', host({ params: { hz: 1 } }), 'CpuError BAD_PARAM'],
    ['ring of 65', host({ ring: 65 }), 'DriverError BAD_OPTION'],
    ['ring of 32', host({ ring: 32 }), 'DriverError BAD_OPTION'],
    ['ring of text', host({ ring: '256' as never }), 'DriverError BAD_OPTION'],
    ['rx_usecs of text', host({ rx_usecs: '5' as never }), 'DriverError BAD_OPTION'],
    ['half an rx_usec', host({ rx_usecs: 0.5 }), 'DriverError BAD_OPTION'],
    ['30 NICs', host({ nics: Array.from({ length: 29 }, () => ({})) }), 'HostError ERR_SOFTIRQ_OPTION'],
    ['29 NICs', host({ nics: Array.from({ length: 28 }, () => ({})) }), 'accepted'],
    ['unknown option of a host', host({ rings: 256 } as never), 'OptionError OPTION'],
    ['unknown option of a NIC', host({ nics: [{ address: '10.0.0.1/24' } as never] }), 'OptionError OPTION'],
    ['an MTU of 67', host({ mtu: 67 }), 'HostError ERR_SOFTIRQ_OPTION'],
    ['an MTU beyond the chip', host({ mtu: 9213 }), 'HostError ERR_SOFTIRQ_OPTION'],
    ['an MTU without a driver', host({ mtu: 9000, driver: 'none' }), 'HostError ERR_SOFTIRQ_OPTION'],
    ['a jumbo MTU', host({ mtu: 9000 }), 'accepted'],
    ['a class for a driver', host({ driver: class Mine {} as never }), 'HostError ERR_SOFTIRQ_DRIVER'],
    [
      'an unknown option of lspci',
      () =>
        createNetwork()
          .host('a')
          .lspci({ verbos: 2 } as never),
      'OptionError OPTION',
    ],
    [
      'a hex dump of no kind',
      () =>
        createNetwork()
          .host('a')
          .lspci({ hex: 2 as never }),
      'OptionError OPTION',
    ],
    ['unknown option of a board', host({ chip: { eeprom: 1 } as never }), 'OptionError OPTION'],
    ['autonegotiation of -1 ns', host({ chip: { autoneg_ns: -1 } }), 'OptionError OPTION'],
    ['half a nanosecond of MDIO', host({ chip: { mdi_ns: 0.5 } }), 'OptionError OPTION'],
    ['an NVM that is none', host({ chip: { nvm: 'tape' as 'flash' } }), 'OptionError OPTION'],
    ['an NVM image of 63 words', host({ chip: { nvmImage: new Uint16Array(63) } }), 'OptionError OPTION'],
    ['an NVM image that is too long', host({ chip: { nvmImage: new Uint16Array(65) } }), 'OptionError OPTION'],
    ['a board with a blank NVM', host({ chip: { nvmImage: new Uint16Array(64) } }), 'HostError ERR_SOFTIRQ_PROBE'],
    ['a board with a flash', host({ chip: { nvm: 'flash' } }), 'accepted'],
    ['unknown kernel parameter', host({ params: { HZ: 250 } as never }), 'OptionError OPTION'],
    ['null for a NIC', host({ nics: [null as never] }), 'OptionError OPTION'],
    ['an address without a list', host({ addresses: '10.0.0.1/24' as never }), 'OptionError OPTION'],
    ['an address that is a number', host({ addresses: [7 as never] }), 'AddressError ERR_INVALID_ADDRESS'],
    ['unknown option of a network', () => createNetwork({ sead: 1 } as never), 'OptionError OPTION'],
    ['null for a network', () => createNetwork(null as never), 'OptionError OPTION'],
    ['unknown option of a wire', wire({ latency: '1ms' } as never), 'OptionError OPTION'],
    ['unknown option of a port', () => createNetwork().port(null as never, { rate: 1 } as never), 'OptionError OPTION'],
    ['unknown option of a switch', () => createNetwork().switch({ aging: 1 } as never), 'OptionError OPTION'],
    ['multicast address', host({ addresses: ['ff02::1/64'] }), 'IfaddrError EADDRNOTAVAIL'],
    ['an address twice', host({ addresses: ['10.0.0.1/24', '10.0.0.1/24'] }), 'IfaddrError EEXIST'],
    ['own address as gateway', gateways('10.0.0.1'), 'HostError ERR_SOFTIRQ_GATEWAY'],
    ['own IPv6 address as gateway', gateways('fd00:0::1'), 'HostError ERR_SOFTIRQ_GATEWAY'],
    ['two IPv4 gateways', gateways('10.0.0.7', '10.0.0.8'), 'HostError ERR_SOFTIRQ_GATEWAY'],
    ['two IPv6 gateways', gateways('fd00::7', 'fd00::8'), 'HostError ERR_SOFTIRQ_GATEWAY'],
    ['one gateway of each family', gateways('10.0.0.7', 'fd00::7'), 'accepted'],
    ['faults without a list', wire({ faults: drop({ every: 1 }) as never }), 'WireError FAULT_ARGUMENT'],
    ['rx_usecs below 0', host({ rx_usecs: -1 }), 'DriverError BAD_OPTION'],
    ['interrupts of another kind', host({ interrupts: 'pin' as 'msi' }), 'DriverError BAD_OPTION'],
    ['interrupts by MSI-X', host({ interrupts: 'msix' }), 'accepted'],
    ['moderation of another kind', host({ rx_usecs: 'adaptive' as 'dynamic' }), 'DriverError BAD_OPTION'],
    ['moderation by a word', host({ rx_usecs: 'dynamic-conservative' }), 'accepted'],
    ['settings of Linux', host({ e1000e: e1000eLinuxDefaults }), 'accepted'],
    ['a setting given twice', host({ e1000e: { rx_usecs: 5 }, rx_usecs: 6 }), 'OptionError OPTION'],
    ['unknown setting of e1000e', host({ e1000e: { usecs: 5 } as never }), 'OptionError OPTION'],
    ['bad setting of e1000e', host({ e1000e: { weight: 0 } }), 'DriverError BAD_OPTION'],
    [
      'gateway off the network',
      host({ addresses: ['10.0.0.1/24'], gateways: ['192.0.2.1'] }),
      'RouteError ROUTE_GATEWAY_UNREACHABLE',
    ],
    ['rate without unit', wire({ rate: 'fast' }), 'UnitError UNIT'],
    ['negative delay', wire({ delay: -1 }), 'UnitError UNIT'],
    ['queue below 0', wire({ queue: { frames: -1 } }), 'WireError LINK_ARGUMENT'],
    ['a fault that is none', wire({ faults: [7 as never] }), 'WireError FAULT_ARGUMENT'],
    ['a fault that hits by nothing', () => drop({}), 'WireError FAULT_SELECTOR'],
  ])('%s', (_name, body, expected) => {
    expect(mistake(body)).toBe(expected);
  });

  it('the same name twice, a second cable: refused', () => {
    const { net, a, b } = pair();
    expect(mistake(() => net.host('a'))).toBe('HostError ERR_SOFTIRQ_HOST_NAME');
    expect(mistake(() => net.wire(a, b))).toBe('HostError ERR_SOFTIRQ_PLUGGED');
    expect(mistake(() => a.nic.plug(net.links[0].a))).toBe('HostError ERR_SOFTIRQ_PLUGGED');
  });

  it.each<[string, NetworkOptions]>([
    ['fraction', { seed: 0.5 }],
    ['too large', { seed: 2 ** 60 }],
  ])('seed: %s', (_name, options) => {
    expect(mistake(() => createNetwork(options))).toMatch(/^SimError /);
  });

  it('a ring of text: the message names the option as it was written, and the code is not in it', () => {
    expect(host({ ring: '256' as never })).toThrow(/^ring is '256', must be a whole number 64\.\.4096 in steps of 8$/);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['pacing of another kind', { pacing: 'x' }],
    ['signal that is none', { signal: {} }],
    ['unknown option', { till: '1ms' }],
  ])('run, %s: refused, and the next run goes', async (_name, options) => {
    const net = createNetwork();
    await expect(net.run(options as never)).rejects.toMatchObject({ name: 'OptionError', code: 'OPTION' });
    expect((await net.run({ until: 5 })).now).toBe(5);
  });

  it('run while it runs: refused', async () => {
    const { net, a } = pair();
    a.spawn(async (sys) => sys.sleep('1ms'));
    const first = net.run();
    await expect(net.run()).rejects.toMatchObject({ code: 'ERR_SOFTIRQ_RUNNING' });
    await first;
  });
});

describe('a board', () => {
  it('wired for wake-up set_wol: taken; the plain one supports none', () => {
    const net = createNetwork();
    const [wired, plain] = [net.host('a', { chip: { wake: true } }), net.host('b')];
    wired.nic.ethtool.set_wol(0x20);
    expect(wired.nic.ethtool.wol()).toMatchObject({ wolopts: 0x20 });
    expect(plain.nic.ethtool.wol()).toEqual({ supported: 0, wolopts: 0 });
    expect(mistake(() => plain.nic.ethtool.set_wol(0x20))).toMatch(/EOPNOTSUPP/);
  });

  it('that negotiates for 2 s run: the carrier comes after them', async () => {
    const { net, a } = pair({}, { chip: { autoneg_ns: 2_000_000_000 } });
    await net.run({ until: '1999ms' });
    expect(a.nic.dev.carrier).toBe(false);
    await net.run({ until: '2001ms' });
    expect(a.nic.dev.carrier).toBe(true);
  });
});
