// Runs vitest with variables set, the same way in every shell: `node scripts/suite.mjs NAME=VALUE... [vitest arguments]`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.mjs';

const given = process.argv.slice(2);
const first = given.findIndex((arg) => !/^[A-Z_]+=/.test(arg));
const variables = first < 0 ? given : given.slice(0, first);
const args = first < 0 ? [] : given.slice(first);
const env = { ...process.env, ...Object.fromEntries(variables.map((variable) => variable.split('=', 2))) };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', ...args], { cwd: root, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
