import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, root } from './support/source.js';

interface Verdict {
  summary: { totalCruised: number; violations: { from: string; to: string; rule: { name: string } }[] };
}

/** Runs the layer check over `src` of a folder that holds the configuration. */
function cruise(cwd: string): Verdict['summary'] {
  const command = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [command, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (!stdout.startsWith('{')) throw new Error(`the layer check did not run: ${stderr}`);
  return (JSON.parse(stdout) as Verdict).summary;
}

const rules = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
  forbidden: { name: string }[];
};
const rooms = rules.forbidden.filter(({ name }) => name.startsWith('room:')).map(({ name }) => name.slice(5));

describe('layers of src', () => {
  it('no file imports what its room may not', () => {
    const { totalCruised, violations } = cruise(root);
    expect(violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`)).toEqual([]);
    expect(totalCruised).toBeGreaterThanOrEqual(filesBelow('src', '.ts').length);
  });

  it('every file belongs to a room of the table', () => {
    const homeless = filesBelow('src', '.ts').filter((file) => {
      const folder = dirname(file).slice('src/'.length);
      return folder !== '' && !rooms.some((room) => `${folder}/`.startsWith(`${room}/`));
    });
    expect(homeless).toEqual([]);
  });
});

/** A small house with one crime a file, and two files that are innocent. */
const PLANTED: Readonly<Record<string, string>> = {
  'src/sim/index.ts': "export { now } from './clock.js';\n",
  'src/sim/clock.ts': 'export const now = 1;\nexport interface Clock { now: number }\n',
  'src/proto/index.ts': "export const udp = 'udp';\n",
  'src/hw/nic/innocent.ts': "import { now } from '../../sim/index.js';\nexport const a = now;\n",
  'src/hw/nic/upward.ts': "import { udp } from '../../proto/index.js';\nexport const b = udp;\n",
  'src/hw/nic/types-upward.ts': "import type { udp } from '../../proto/index.js';\nexport type B = typeof udp;\n",
  'src/wire/deep.ts': "import { now } from '../sim/clock.js';\nexport const c = now;\n",
  'src/wire/node.ts': "import { readFileSync } from 'node:fs';\nexport const d = readFileSync;\n",
  'src/node/innocent.ts': "import { readFileSync } from 'node:fs';\nexport const d = readFileSync;\n",
  'src/cpu/one.ts': "import { two } from './two.js';\nexport const one = (): number => two();\n",
  'src/cpu/two.ts': "import { one } from './one.js';\nexport const two = (): number => one();\n",
  'src/skbuff/package.ts': "import fc from 'fast-check';\nexport const e = fc;\n",
  'src/sim/leaf.ts': "import { udp } from '../proto/index.js';\nexport const f = udp;\n",
  'src/fs/gone.ts': "import { g } from './nowhere.js';\nexport const h = g;\n",
};

describe('the layer check', () => {
  const house = mkdtempSync(join(tmpdir(), 'softirq-layers-'));
  const caught = new Map<string, Set<string>>();
  beforeAll(() => {
    for (const [file, text] of Object.entries(PLANTED)) {
      mkdirSync(dirname(join(house, file)), { recursive: true });
      writeFileSync(join(house, file), text);
    }
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(join(root, file), join(house, file));
    for (const { from, rule } of cruise(house).violations) {
      caught.set(from, (caught.get(from) ?? new Set()).add(rule.name));
    }
  });
  afterAll(() => rmSync(house, { recursive: true, force: true }));

  it.each([
    ['src/hw/nic/upward.ts', 'room:hw/nic'],
    ['src/hw/nic/types-upward.ts', 'room:hw/nic'],
    ['src/wire/deep.ts', 'room:wire'],
    ['src/wire/node.ts', 'core-without-node'],
    ['src/cpu/one.ts', 'no-cycles'],
    ['src/skbuff/package.ts', 'only-src'],
    ['src/sim/leaf.ts', 'room:sim'],
    ['src/fs/gone.ts', 'resolvable'],
  ])('%s is caught by %s', (file, rule) => {
    expect([...(caught.get(file) ?? [])]).toContain(rule);
  });

  it.each([
    'src/hw/nic/innocent.ts',
    'src/node/innocent.ts',
    'src/sim/index.ts',
    'src/sim/clock.ts',
  ])('%s is innocent', (file) => {
    expect(caught.has(file)).toBe(false);
  });
});
