import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/source.js';

interface Target {
  types: string;
  default: string;
}
interface Manifest {
  name: string;
  bin: Record<string, string>;
  exports: Record<string, string | { import: Target; require: Target }>;
  dependencies?: Record<string, string>;
}

const shell = process.platform === 'win32';
const place = mkdtempSync(join(tmpdir(), 'softirq-package-'));
const installed = join(place, 'node_modules', 'softirq');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const targets = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, target }],
);
const specifiers = targets.map(({ subpath }) => manifest.name + subpath.slice(1));

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', shell });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

/** Runs a program in the folder where the package is installed, and reads the JSON it prints. */
function program(file: string, text: string): unknown {
  writeFileSync(join(place, file), text);
  return JSON.parse(run(process.execPath, [file], place));
}

/** For each subpath: how many names it has, and which of them differ from the value the same name has elsewhere. */
const SURVEY = `
const seen = new Map();
const report = {};
for (const [name, module] of modules) {
  const differ = [];
  for (const [key, value] of Object.entries(module)) {
    if (key === 'default' || key === 'module.exports') continue;
    if (seen.has(key) && seen.get(key) !== value) differ.push(key);
    seen.set(key, value);
  }
  report[name] = { names: Object.keys(module).length, differ };
}
console.log(JSON.stringify(report));
`;

beforeAll(() => {
  run(process.execPath, [join(root, 'scripts', 'build.mjs')], root);
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', place], root),
  ) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', filename, '-C', installed, '--strip-components=1'], place);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('the packed package', () => {
  it('has every file its exports and its command name, and what a reader expects beside them', () => {
    const named = targets.flatMap(({ target }) => [...Object.values(target.import), ...Object.values(target.require)]);
    for (const file of [...named, ...Object.values(manifest.bin), 'LICENSE', 'README.md', 'CHANGELOG.md']) {
      expect([file, existsSync(join(installed, file))]).toEqual([file, true]);
    }
    expect(readFileSync(join(installed, manifest.bin['softirq']), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(statSync(join(installed, 'src'), { throwIfNoEntry: false })).toBeUndefined();
    expect(manifest.dependencies).toBeUndefined();
  });

  it.each(['module', 'commonjs'])('loads as %s, with one value for one name in whichever subpath', (type) => {
    const load =
      type === 'module'
        ? specifiers.map((s, i) => `import * as m${i} from '${s}';`)
        : specifiers.map((s, i) => `const m${i} = require('${s}');`);
    const list = `const modules = [${specifiers.map((s, i) => `['${s}', m${i}]`).join(', ')}];`;
    const file = type === 'module' ? 'survey.mjs' : 'survey.cjs';
    const report = program(file, [...load, list, SURVEY].join('\n')) as Record<
      string,
      { names: number; differ: string[] }
    >;
    expect(Object.keys(report)).toEqual(specifiers);
    for (const [name, { names, differ }] of Object.entries(report)) {
      expect(names, name).toBeGreaterThan(0);
      expect(differ, name).toEqual([]);
    }
  });

  it('has types a strict program can use, as ESM and as CJS, without the types of Node', () => {
    for (const file of ['consumer.mts', 'consumer.cts']) {
      const imports = specifiers.map((s, i) => `import * as m${i} from '${s}';`);
      const uses = specifiers.map((_, i) => `export const n${i}: number = Object.keys(m${i}).length;`);
      writeFileSync(join(place, file), [...imports, ...uses, ''].join('\n'));
    }
    const compilerOptions = {
      ...{ target: 'es2022', lib: ['es2022', 'dom'], module: 'nodenext', strict: true, noEmit: true },
      ...{ skipLibCheck: false, types: [], exactOptionalPropertyTypes: true },
    };
    writeFileSync(join(place, 'package.json'), '{"private":true}');
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['consumer.*'] }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(run(process.execPath, [tsc, '-p', place], place)).toBe('');
  });
});
