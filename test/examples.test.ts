import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { filesBelow } from './support/source.js';

/** What an example exports, by file name, and what it printed. */
const outcomes: Record<string, (exported: Record<string, unknown>, printed: unknown[][]) => void> = {
  'echo.ts': ({ answer }, printed) => {
    expect(answer).toMatch(/^hello from 10\.0\.0\.2:7000 after \d+ ns$/);
    // Four frames cross a wire of 1 ms: the ARP exchange, the datagram, the answer.
    const after = Number(/after (\d+) ns/.exec(answer as string)?.[1]);
    expect(after).toBeGreaterThan(4_000_000);
    expect(after).toBeLessThan(4_100_000);
    expect(printed).toEqual([[answer]]);
  },
  'faults.ts': ({ received, drops }) => {
    expect(received).toEqual(['one', 'twice', 'twice', 'last']);
    expect(drops).toEqual({ NIC_CRC_ERROR: 1 });
  },
  'raw-frames.ts': ({ answers }) => {
    const [answer, ...more] = answers as Uint8Array[];
    expect(more).toEqual([]);
    // An ARP reply (operation 2) from 02:00:00:00:00:02, 10.0.0.2 to 02:00:00:00:00:01, 10.0.0.1.
    expect([...(answer as Uint8Array).subarray(20, 42)]).toEqual([
      ...[0, 2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2],
      ...[2, 0, 0, 0, 0, 1, 10, 0, 0, 1],
    ]);
  },
  'driver/main.ts': ({ datagrams }, printed) => {
    expect(datagrams).toEqual(['one from 10.0.0.2:7', 'two from 10.0.0.2:7', 'three from 10.0.0.2:7']);
    const [first, , , packets, interrupts] = printed.map(([line]) => line as string);
    expect([first, packets]).toEqual(['one from 10.0.0.2:7', 'tiny: 4 packets received, 4 sent']);
    expect(interrupts).toMatch(/PCI-MSI-0000:00:03\.0 .* eth0$/m);
  },
  'device/main.ts': ({ results, copied, same }, printed) => {
    // The CRC-32 of the fox is well known; the other is of the same text with zeros behind it.
    expect(results).toEqual(['status 0, CRC-32 414fa339', 'status 0, CRC-32 35027ec0']);
    expect([copied, same]).toEqual(['The quick brown fox jumps over the lazy dog', true]);
    expect(printed[1]).toEqual(['from the snapshot at 1000 ns: the same digest']);
  },
};

/** The programs: files of the folder, and `main.ts` of each folder in it. */
const programs = filesBelow('examples', '.ts').filter((file) =>
  /^examples\/(\w[\w-]*\.ts|[\w-]+\/main\.ts)$/.test(file),
);

let log: MockInstance;
beforeEach(() => {
  vi.resetModules();
  log = vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  log.mockRestore();
});

describe('examples', () => {
  test('every one has its outcome stated, and none is stated for nothing', () => {
    expect(programs.map((file) => file.slice('examples/'.length))).toEqual(Object.keys(outcomes).sort());
  });

  for (const file of programs) {
    test(`${file} runs and comes to what it says`, async () => {
      const check = outcomes[file.slice('examples/'.length)];
      expect(check, `no outcome is stated for ${file}`).toBeDefined();
      const exported = (await import(/* @vite-ignore */ `../${file}`)) as Record<string, unknown>;
      expect(log.mock.calls.length).toBeGreaterThan(0);
      check?.(exported, log.mock.calls);
    });
  }

  test('run twice: the same results', async () => {
    for (const file of programs) {
      const first = (await import(/* @vite-ignore */ `../${file}`)) as Record<string, unknown>;
      vi.resetModules();
      const second = (await import(/* @vite-ignore */ `../${file}`)) as Record<string, unknown>;
      expect({ ...second }).toEqual({ ...first });
    }
  });
});
