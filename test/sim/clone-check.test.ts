import { describe, expect, it } from 'vitest';
import { cloneGraph } from '../../src/sim/index.js';

const moduleArrow = (x: number): number => x + 1;
const talks = (): string => "this is only a 'word', not // this";

class Holder {
  f: unknown;
  constructor(f: unknown) {
    this.f = f;
  }
  own(): () => unknown {
    return () => this.f;
  }
  inTemplate(): () => string {
    return () => `f is ${this.f}`;
  }
  later(): () => Promise<unknown> {
    return async () => this.f;
  }
}

class Secret {
  #n = 1;
  get n(): number {
    return this.#n;
  }
}
class Heir extends Secret {}
class Text {
  readonly color = '#ffffff';
  // Not a private name: #this
}

describe('what a copy would share', () => {
  it.each<[string, unknown]>([
    ['an arrow function with this', new Holder(0).own()],
    ['one with this in a template', new Holder(0).inTemplate()],
    ['an asynchronous one', new Holder(0).later()],
  ])('%s is refused', (_name, f) => {
    expect(() => cloneGraph({ f })).toThrow(/^cannot clone root\.f: an arrow function that uses this/);
  });

  it.each<[string, unknown]>([
    ['an arrow function of the module', moduleArrow],
    ['one that only talks about this', talks],
    ['a method', Holder.prototype.own],
    [
      'a function with a this of its own',
      function own(this: unknown): unknown {
        return this;
      },
    ],
    ['a class', Holder],
  ])('%s is shared', (_name, f) => {
    expect(cloneGraph(new Holder(f)).f).toBe(f);
  });

  it('a private name is refused, inherited too; a number sign in a text is none', () => {
    expect(() => cloneGraph({ a: new Secret() })).toThrow(/^cannot clone root\.a: .* private name #n: say private n/);
    expect(() => cloneGraph([new Heir()])).toThrow(/^cannot clone root\[0\]: .* private name #n/);
    expect(cloneGraph(new Text())).toEqual(new Text());
  });
});
