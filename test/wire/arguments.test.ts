import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/index.js';
import {
  corrupt,
  delay,
  drop,
  duplicate,
  FramePool,
  Link,
  RawPort,
  reorder,
  rule,
  truncate,
} from '../../src/wire/index.js';

const none = undefined as never;

function link(): Link {
  const sim = new Simulation({ seed: 1 });
  return new Link(sim, new FramePool(sim));
}

describe('arguments of the wire that are none: one clear typed error each', () => {
  it.each<[string, () => unknown, string]>([
    ['drop of nothing', () => drop(none), 'FAULT_SELECTOR'],
    ['duplicate of nothing', () => duplicate(none), 'FAULT_SELECTOR'],
    ['delay of nothing', () => delay(none), 'FAULT_SELECTOR'],
    ['reorder of nothing', () => reorder(none), 'FAULT_SELECTOR'],
    ['corrupt of nothing', () => corrupt(none), 'FAULT_SELECTOR'],
    ['truncate of null', () => truncate(null as never), 'FAULT_SELECTOR'],
    ['ratio of null', () => drop({ ratio: null as never }), 'UNIT'],
    ['index of none', () => drop({ index: [] }), 'FAULT_SELECTOR'],
    ['index of null', () => drop({ index: null as never }), 'FAULT_SELECTOR'],
    ['every of null', () => drop({ every: null as never }), 'FAULT_SELECTOR'],
    ['rule without name', () => rule(null as never, () => {}), 'FAULT_ARGUMENT'],
    ['rule without function', () => rule('mine', null as never), 'FAULT_ARGUMENT'],
    ['faults without a list', () => link().setFaults(drop({ every: 1 }) as never), 'FAULT_ARGUMENT'],
    ['faults of nothing', () => link().setFaults(none), 'FAULT_ARGUMENT'],
    ['queue limit of null', () => link().setQueue(null as never), 'LINK_ARGUMENT'],
    ['tap of null', () => link().tap(null as never), 'LINK_ARGUMENT'],
    ['frame of text', () => new RawPort(link().a).send('x' as never), 'PORT_ARGUMENT'],
    ['frame of nothing', () => new RawPort(link().a).send(none), 'PORT_ARGUMENT'],
    ['frame of wider elements', () => new RawPort(link().a).send(new Uint16Array(60) as never), 'PORT_ARGUMENT'],
    ['play of nothing', () => new RawPort(link().a).play(none), 'PORT_ARGUMENT'],
    ['play of text', () => new RawPort(link().a).play([{ time_ns: 0, bytes: 'x' as never }]), 'PORT_ARGUMENT'],
  ])('%s', (_name, body, code) => {
    expect(body).toThrow(expect.objectContaining({ code }));
  });
});
