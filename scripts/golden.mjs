// `npm run golden`: replays the recorded accesses of the Linux e1000e driver into our 82574L (test/golden) and lists the
// reads that differ, with the reason of each. Exit status 0 only when every difference has its reason and the limits hold.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './build.mjs';

const trace = join(root, 'test', 'fixtures', 'linux-e1000e-qemu72-mmio.trace.gz');
const folder = mkdtempSync(join(tmpdir(), 'softirq-golden-'));
try {
  const outfile = join(folder, 'report.mjs');
  await build({
    entryPoints: [join(root, 'test', 'golden', 'report.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'error',
  });
  const { report } = await import(pathToFileURL(outfile).href);
  const { text, ok } = report(gunzipSync(readFileSync(trace)).toString());
  console.log(text);
  process.exitCode = ok ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
