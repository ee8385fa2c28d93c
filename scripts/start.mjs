// `npm start`: builds the command if need be, then runs its demonstration. Arguments are handed on.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './build.mjs';

if (ensureBuilt({ types: false })) console.error('built dist');
const command = join(root, 'dist', 'cli', 'index.js');
const { status } = spawnSync(process.execPath, [command, 'demo', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
