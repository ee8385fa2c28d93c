import { describe, expect, it } from 'vitest';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '../../src/uapi/index.js';
import { pair } from '../support/pair.js';

/** Counts the copies of at least `least` bytes that typed arrays make while `body` runs: what each moved. */
async function copies(least: number, body: () => Promise<void>): Promise<number[]> {
  const { set, copyWithin } = Uint8Array.prototype;
  const { slice } = Uint8Array.prototype;
  const seen: number[] = [];
  Uint8Array.prototype.set = function (this: Uint8Array, from: ArrayLike<number>, at?: number): void {
    if (from.length >= least) seen.push(from.length);
    set.call(this, from, at);
  };
  Uint8Array.prototype.copyWithin = function (
    this: Uint8Array,
    to: number,
    from: number,
    end?: number,
  ): Uint8Array<ArrayBuffer> {
    const length = (end ?? this.length) - from;
    if (length >= least) seen.push(length);
    return copyWithin.call(this, to, from, end) as Uint8Array<ArrayBuffer>;
  };
  Uint8Array.prototype.slice = function (this: Uint8Array, from?: number, to?: number): Uint8Array<ArrayBuffer> {
    const out = slice.call(this, from, to) as Uint8Array<ArrayBuffer>;
    if (out.length >= least) seen.push(out.length);
    return out;
  };
  try {
    await body();
  } finally {
    Object.assign(Uint8Array.prototype, { set, copyWithin, slice });
  }
  return seen;
}

describe.each([
  ['IPv4', AF_INET, '10.0.0.2', '0.0.0.0', 42],
  ['IPv6', AF_INET6, 'fd00::2', '::', 62],
])('payload over %s', (_name, family, address, any, headers) => {
  /** A pair that has exchanged one datagram (neighbours known, buffers made) and exchanges one of `length` bytes under the count. */
  async function counted(length: number): Promise<number[]> {
    const { net, a, b } = pair({ checked: false });
    let seen: number[] = [];
    const into = new Uint8Array(65536);
    b.spawn(
      async (sys) => {
        const fd = sys.socket(family, SOCK_DGRAM);
        sys.bind(fd, { address: any, port: 7000 });
        for (;;) await sys.recvfrom(fd, into);
      },
      { daemon: true },
    );
    const payload = new Uint8Array(length).fill(7);
    const send = async (): Promise<void> => {
      a.spawn(async (sys) => {
        const fd = sys.socket(family, SOCK_DGRAM);
        await sys.sendto(fd, payload, 0, { address, port: 7000 });
        await sys.sleep('10ms');
      });
      await net.run();
    };
    await send();
    seen = await copies(256, send);
    expect(b.net.delivered).toBe(2);
    return seen;
  }

  it('one frame: copied four times, from the program, by DMA out, by DMA in, to the program', async () => {
    const payload = 1408;
    expect(await counted(payload)).toEqual([payload, payload + headers, payload + headers, payload]);
  });

  it('fragments: the same four, whatever their number', async () => {
    const payload = 8000;
    const moved = (await counted(payload)).reduce((x, y) => x + y);
    // Per frame 14 bytes of Ethernet, the IP header and a fragment header twice over the wire; UDP's 8 bytes.
    expect(moved).toBeGreaterThanOrEqual(4 * payload);
    expect(moved).toBeLessThan(4 * payload + 2 * 6 * 80);
  });
});
