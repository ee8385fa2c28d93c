// Packs the package as npm would and lets publint and attw judge the archive.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './build.mjs';

const out = join(root, 'out', 'pack');

function run(command, args) {
  const windows = process.platform === 'win32';
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    shell: windows,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) {
    console.log(stdout);
    throw new Error(`${command} ${args.join(' ')} failed`);
  }
  return stdout;
}

const bin = (name) => join(root, 'node_modules', '.bin', name);

try {
  ensureBuilt();
  mkdirSync(out, { recursive: true });
  const [{ filename, size, entryCount }] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', out]),
  );
  const archive = join(out, filename);
  console.log(run(bin('publint'), [archive, '--strict']));
  console.log(
    run(bin('attw'), [archive, '--profile', 'node16', '--format', 'table-flipped', '--no-emoji', '--no-color']),
  );
  console.log(`${filename}: ${size} bytes, ${entryCount} files`);
} catch (error) {
  console.error(`pack:check: ${error.message}`);
  process.exitCode = 1;
}
