// Builds dist when it is absent or older than its sources. `node scripts/build.mjs [--js]`; `--js` builds only the ESM code.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'dist', '.build-stamp');
const lock = join(root, 'node_modules', '.softirq-build-lock');
const STALE_LOCK_MS = 180_000;

/** SHA-256 over the paths and contents of everything the build reads. */
function fingerprint() {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  for (const file of [...files, 'package.json', 'tsconfig.json', 'tsup.config.ts'].sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** `types` of the stamp tells a full build from one that made only the ESM code. */
function isFresh(print, types) {
  if (!existsSync(stampFile)) return false;
  const stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
  return stamp.fingerprint === print && (stamp.types || !types);
}

function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/**
 * Makes sure that dist is what the sources say; two processes that ask at once build once.
 * @param {{ types?: boolean }} options `types: false` is content with the ESM code alone
 * @returns {boolean} whether anything had to be built
 */
export function ensureBuilt({ types = true } = {}) {
  const print = fingerprint();
  if (isFresh(print, types)) return false;
  takeLock();
  try {
    if (isFresh(print, types)) return false;
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');
    const env = { ...process.env, SOFTIRQ_BUILD: types ? 'all' : 'js' };
    const { status } = spawnSync(process.execPath, [tsup], { cwd: root, env, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error('the build failed');
    writeFileSync(stampFile, JSON.stringify({ fingerprint: print, types }));
    return true;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    ensureBuilt({ types: !process.argv.includes('--js') });
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
