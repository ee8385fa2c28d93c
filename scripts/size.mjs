// Prints what the package weighs: each subpath minified and gzipped with all it imports, and the time of a first import.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ensureBuilt, root } from './build.mjs';

const IMPORTS = 7;

/** Bundles one built entry for a browser, which also proves that it needs nothing of Node. */
async function weigh(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  });
  const code = outputFiles[0].contents;
  return { min: code.length, gzip: gzipSync(code, { level: 9 }).length };
}

/** Median and least milliseconds that `program` prints, each run in a fresh process. */
function coldImport(inputType, program) {
  const times = [];
  for (let i = 0; i < IMPORTS; i++) {
    const { status, stdout } = spawnSync(process.execPath, [`--input-type=${inputType}`, '-e', program], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the ${inputType} import failed`);
    times.push(Number(stdout));
  }
  times.sort((a, b) => a - b);
  return `${times[IMPORTS >> 1].toFixed(1)} ms (least ${times[0].toFixed(1)})`;
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

ensureBuilt();
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
console.log('subpath           minified      gzip');
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue;
  const { min, gzip } = await weigh(join(root, target.import.default));
  console.log(`${subpath.padEnd(15)} ${kB(min)} ${kB(gzip)}`);
}
const esm = JSON.stringify(pathToFileURL(join(root, exports['.'].import.default)).href);
const cjs = JSON.stringify(join(root, exports['.'].require.default));
const clock = 'const t = performance.now();';
const print = 'process.stdout.write(String(performance.now() - t));';
console.log(`cold import, ESM: ${coldImport('module', `${clock} await import(${esm}); ${print}`)}`);
console.log(`cold import, CJS: ${coldImport('commonjs', `${clock} require(${cjs}); ${print}`)}`);
