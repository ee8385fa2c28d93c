import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.js';
import { UsageError } from '../../src/cli/usage.js';

const HOST = ['--host', '10.1.0.2/24', '--mac', '02:00:00:00:00:02', '--udp', '7000'];
const capture = new Uint8Array(readFileSync(new URL('../../captures/linux-mixed.pcap', import.meta.url)));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softirq-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The one line a command line is refused with. */
async function refusal(...argv: string[]): Promise<string> {
  const error = await main(argv, () => {}).then(
    () => 'accepted',
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message).not.toContain('\n');
  return message;
}

/** A file in the test's folder. */
function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A pcap file with one frame to the host; `length` bytes, link type 1 unless told. */
function pcap(length: number, linkType: number = 1): Uint8Array {
  const bytes = new Uint8Array(40 + length);
  bytes.set(capture.subarray(0, 40));
  bytes.set([2, 0, 0, 0, 0, 2, 2, 9, 9, 9, 9, 9, 8, 0], 40);
  const view = new DataView(bytes.buffer);
  view.setUint32(20, linkType, true);
  view.setUint32(32, length, true);
  view.setUint32(36, length, true);
  return bytes;
}

describe('a command line with a mistake: one line that names it', () => {
  it.each<[string, string[], RegExp]>([
    ['--seed -1', [...HOST, '--seed', '-1'], /--seed.*ambiguous/],
    ['--mac of zeros', [...HOST, '--mac', '00:00:00:00:00:00'], /--mac is no station's address/],
    ['--mac of a group', [...HOST, '--mac', '01:00:00:00:00:01'], /--mac is the address of one station/],
    ['--out of nothing', [...HOST, '--out', ''], /--out DIR is missing/],
  ])('%s', async (_name, argv, expected) => {
    expect(await refusal('replay', file('good.pcap', pcap(60)), ...argv)).toMatch(expected);
  });

  it('a cost table that is no JSON', async () => {
    const costs = file('costs.json', 'no\njson');
    expect(await refusal('replay', file('good.pcap', pcap(60)), ...HOST, '--costs', costs)).toContain('costs.json');
  });

  it('a capture without Ethernet', async () => {
    expect(await refusal('replay', file('cooked.pcap', pcap(60, 113)), ...HOST)).toMatch(/link type is 113/);
  });

  it('a frame for the host that no wire carries', async () => {
    expect(await refusal('replay', file('giant.pcap', pcap(20_000)), ...HOST)).toMatch(/20000 bytes.*16382/);
  });

  it('an output folder the system does not make', async () => {
    const path = file('good.pcap', pcap(60));
    expect(await refusal('replay', path, ...HOST, '--json', '--out', join(path, 'deep'))).toMatch(/^cannot write to /);
    if (process.platform === 'linux') {
      expect(await refusal('replay', path, ...HOST, '--json', '--out', '/proc/softirq/x')).toMatch(/^cannot write to /);
    }
  });
});
