import { describe, expect, it } from 'vitest';
import { defaultRuntime } from '../../src/sim/index.js';

describe('default runtime', () => {
  const runtime = defaultRuntime();

  it('a macrotask comes after all pending microtasks', async () => {
    const order: string[] = [];
    const turn = runtime.macrotask().then(() => order.push('macrotask'));
    let chain = Promise.resolve();
    for (let i = 0; i < 100; i++) chain = chain.then(() => undefined);
    await chain.then(() => order.push('microtasks'));
    await turn;
    expect(order).toEqual(['microtasks', 'macrotask']);
  });

  it('without setImmediate a message channel serves', async () => {
    const kept = globalThis.setImmediate;
    try {
      Reflect.deleteProperty(globalThis, 'setImmediate');
      let done = false;
      const turn = runtime.macrotask().then(() => {
        done = true;
      });
      await undefined;
      expect(done).toBe(false);
      await turn;
      expect(done).toBe(true);
    } finally {
      globalThis.setImmediate = kept;
    }
  });

  it('a sleep ends by itself or by its signal, and the clock does not go back', async () => {
    const before = runtime.now_ns();
    await runtime.sleep(1_000_000, new AbortController().signal);
    const abort = new AbortController();
    const long = runtime.sleep(3_600_000_000_000, abort.signal);
    abort.abort();
    await long;
    await runtime.sleep(3_600_000_000_000, abort.signal);
    expect(runtime.now_ns()).toBeGreaterThanOrEqual(before);
    expect(Number.isInteger(runtime.now_ns())).toBe(true);
  });
});
