// `npm run bench [NAME...]`: bundles bench/*.bench.ts and runs each in a process of its own, where it may force a collection.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { root } from './build.mjs';

const folder = join(root, 'bench');
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const rest = process.argv.slice(2).filter((arg) => arg.startsWith('-'));
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.bench.ts')) : [];
const chosen = files.filter((name) => wanted.length === 0 || wanted.includes(basename(name, '.bench.ts'))).sort();
if (chosen.length === 0) {
  const names = files.map((name) => basename(name, '.bench.ts')).join(', ');
  console.error(`bench: nothing to run; there is: ${names || 'nothing'}`);
  process.exit(1);
}
await build({
  absWorkingDir: root,
  entryPoints: chosen.map((name) => join(folder, name)),
  outdir: join(root, 'out', 'bench'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
});
for (const name of chosen) {
  const file = join(root, 'out', 'bench', name.replace(/\.ts$/, '.mjs'));
  const { status } = spawnSync(process.execPath, ['--expose-gc', file, ...rest], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
