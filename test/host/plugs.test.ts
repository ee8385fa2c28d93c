import { describe, expect, it } from 'vitest';
import { createNetwork, type Plug } from '../../src/host/index.js';
import { pair } from '../support/pair.js';

const code = (body: () => unknown): string => {
  try {
    body();
  } catch (e) {
    return (e as { code: string }).code;
  }
  return 'accepted';
};

describe('a cable that is refused', () => {
  it('second end taken: the first one stays free', () => {
    const { net, a } = pair();
    const c = net.host('c');
    expect(code(() => net.wire(c, a))).toBe('ERR_SOFTIRQ_PLUGGED');
    expect(c.nic.port).toBeNull();
    expect(code(() => net.wire(c, net.host('d')))).toBe('accepted');
  });

  it('both ends in the only NIC of a host: nothing is plugged in', () => {
    const net = createNetwork();
    const a = net.host('a');
    expect(code(() => net.wire(a, a))).toBe('ERR_SOFTIRQ_PLUGGED');
    expect(code(() => net.wire(a.nic, a.nic))).toBe('ERR_SOFTIRQ_PLUGGED');
    expect(a.nic.port).toBeNull();
    expect(code(() => net.wire(a, net.switch()))).toBe('accepted');
  });

  it('two NICs of one host: accepted', () => {
    const net = createNetwork();
    const a = net.host('a', { nics: [{}] });
    net.wire(a, a);
    expect(a.nics.every((nic) => nic.port !== null)).toBe(true);
  });

  it.each<[string, (other: ReturnType<typeof createNetwork>) => Plug]>([
    ['host', (other) => other.host('x')],
    ['NIC', (other) => other.host('x').nic],
    ['switch', (other) => other.switch()],
    ['name', () => 'b' as unknown as Plug],
    ['nothing', () => undefined as unknown as Plug],
  ])('a %s that is none of this network: refused', (_name, plug) => {
    const net = createNetwork();
    const a = net.host('a');
    expect(code(() => net.wire(a, plug(createNetwork())))).toBe('ERR_SOFTIRQ_PLUG');
    expect(code(() => net.port(plug(createNetwork())))).toBe('ERR_SOFTIRQ_PLUG');
    expect(a.nic.port).toBeNull();
  });

  it('a copied network takes its own hosts, not those of the original', () => {
    const { net, a } = pair({}, { nics: [{}] });
    const copy = net.clone();
    expect(code(() => copy.wire(a, copy.switch()))).toBe('ERR_SOFTIRQ_PLUG');
    expect(code(() => copy.port(copy.hosts.get('a') as typeof a))).toBe('accepted');
  });
});

describe('other arguments that are none', () => {
  it.each<[string, () => unknown, string]>([
    ['name', () => createNetwork().host(7 as never), 'ERR_SOFTIRQ_HOST_NAME'],
    ['MAC of a group', () => createNetwork().host('a', { mac: '01:00:00:00:00:01' }), 'ERR_INVALID_ADDRESS'],
    ['MAC of zeros', () => createNetwork().host('a', { mac: '00:00:00:00:00:00' }), 'ERR_INVALID_ADDRESS'],
    ['cost table', () => createNetwork().host('a', { costs: {} as never }), 'ERR_SOFTIRQ_COSTS'],
    ['events per instant', () => createNetwork({ maxEventsPerInstant: Number.NaN }), 'ERR_SOFTIRQ_OPTION'],
    ['trace sink', () => createNetwork().trace({} as never), 'ERR_SOFTIRQ_SINK'],
    [
      'program',
      () =>
        createNetwork()
          .host('a')
          .spawn(undefined as never),
      'ERR_SOFTIRQ_PROGRAM',
    ],
    [
      'operation',
      () =>
        createNetwork()
          .host('a')
          .spawn([{ call: 'dance' } as never]),
      'ERR_SOFTIRQ_OPLIST',
    ],
  ])('%s', (_name, body, expected) => {
    expect(code(body)).toBe(expected);
  });
});
