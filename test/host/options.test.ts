import { describe, expect, it } from 'vitest';
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
    ['rx_usecs below 0', host({ rx_usecs: -1 }), 'DriverError BAD_OPTION'],
    ['interrupts of another kind', host({ interrupts: 'msix' as 'msi' }), 'DriverError BAD_OPTION'],
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

  it('run while it runs: refused', async () => {
    const { net, a } = pair();
    a.spawn(async (sys) => sys.sleep('1ms'));
    const first = net.run();
    await expect(net.run()).rejects.toMatchObject({ code: 'ERR_SOFTIRQ_RUNNING' });
    await first;
  });
});
