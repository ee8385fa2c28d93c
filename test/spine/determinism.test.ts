import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/pcap/index.js';
import { assertNetwork } from '../support/conservation.js';
import { runScenario, type ScenarioRun } from '../support/scenario.js';

/** Of the scenario as it is: Node 20 and Node 24 must print the same one. A change of behaviour changes it; then record it anew. */
const DIGEST = '8c89575d8f6c4f32';

const bytesOf = ({ pcapng, digest, received, drops }: ScenarioRun): unknown => ({
  digest,
  pcap: createHash('sha256').update(pcapng).digest('hex'),
  received,
  drops,
});

describe('the same seed and inputs', () => {
  it('the scenario: it is a rich one', async () => {
    const { net, received, drops, pcapng } = await runScenario();
    assertNetwork(net);
    expect(received.filter((r) => !r.startsWith('echo')).length).toBeGreaterThan(30);
    expect(received.filter((r) => r.startsWith('echo')).length).toBeGreaterThan(3);
    expect(drops['b']['NIC_CRC_ERROR'] ?? 0).toBeGreaterThan(0);
    expect(readCapture(pcapng).packets.length).toBeGreaterThan(500);
  });

  it('twice in one process: the same bytes on all wires, the same results, the digest recorded here', async () => {
    const first = await runScenario();
    const second = await runScenario();
    expect(bytesOf(second)).toEqual(bytesOf(first));
    expect(Buffer.compare(second.pcapng, first.pcapng)).toBe(0);
    expect(first.digest).toBe(DIGEST);
  });

  it('in another process: the same', async () => {
    const entry = fileURLToPath(new URL('../support/scenario-main.ts', import.meta.url));
    const bundle = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const input = bundle.outputFiles[0].text;
    const out = execFileSync(process.execPath, ['--input-type=module', '-'], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    expect(JSON.parse(out)).toEqual(bytesOf(await runScenario()));
  });

  it('traced or not: the same wire, datagrams and drops', async () => {
    const plain = await runScenario();
    const traced = await runScenario({ trace: true });
    const { digest: _d, ...without } = bytesOf(plain) as Record<string, unknown>;
    expect(bytesOf(traced)).toMatchObject(without);
    // The digest covers the trace points too while tracing.
    expect(traced.digest).not.toBe(plain.digest);
    expect((await runScenario({ trace: true })).digest).toBe(traced.digest);
  });
});

describe('a hair of difference', () => {
  const rows = [
    { what: 'one payload bit', change: { flip: true } },
    { what: 'one nanosecond of delay', change: { delay_ns: 1001 } },
    { what: 'the seed', change: { seed: 2 } },
  ];
  it.each(rows)('$what: another digest', async ({ change }) => {
    expect((await runScenario(change)).digest).not.toBe((await runScenario()).digest);
  });

  it.each(rows.slice(0, 2))('$what, without faults: another digest', async ({ change }) => {
    const calm = await runScenario({ faults: false });
    expect((await runScenario({ ...change, faults: false })).digest).not.toBe(calm.digest);
  });
});

describe('networks in one process', () => {
  it('two at the same time, taking turns: each runs as it does alone', async () => {
    const alone = [await runScenario({ seed: 3 }), await runScenario({ seed: 4 })];
    const together = await Promise.all([runScenario({ seed: 3 }), runScenario({ seed: 4 })]);
    expect(together.map(bytesOf)).toEqual(alone.map(bytesOf));
  });

  it('two CPUs: the same datagrams as one, when nothing is lost', async () => {
    const content = (run: ScenarioRun): string[] => run.received.map((r) => r.replace(/^\d+ /, '')).sort();
    const one = await runScenario({ faults: false });
    const two = await runScenario({ faults: false, cpus: 2 });
    expect(content(two)).toEqual(content(one));
    assertNetwork(two.net);
  });
});
