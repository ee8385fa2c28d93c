import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/source.js';

// The packages in examples/ as a user builds and runs them: against the packed library, with the compiler's strictest settings.

const shell = process.platform === 'win32';
const place = mkdtempSync(join(tmpdir(), 'softirq-examples-'));
const installed = join(place, 'node_modules', 'softirq');

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', shell });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  run(process.execPath, [join(root, 'scripts', 'build.mjs')], root);
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', place], root);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  run('tar', ['-xzf', filename, '-C', installed, '--strip-components=1'], place);
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('examples as packages of a user', () => {
  it.each([
    [
      'driver',
      ['one from 10.0.0.2:7', 'two from 10.0.0.2:7', 'three from 10.0.0.2:7', 'tiny: 4 packets received, 4 sent'],
    ],
    [
      'device',
      [
        "'The quick brown fox jumps over the lazy dog': status 0, CRC-32 414fa339; status 0, CRC-32 35027ec0 at 4539 ns",
        'from the snapshot at 1000 ns: the same digest',
      ],
    ],
  ])('%s: compiles strictly without the types of Node, and prints what it should', (name, lines) => {
    const folder = join(place, name);
    cpSync(join(root, 'examples', name), folder, { recursive: true });
    const compilerOptions = {
      ...{ target: 'es2022', lib: ['es2022', 'dom'], module: 'nodenext', strict: true, types: [], outDir: 'out' },
      ...{
        exactOptionalPropertyTypes: true,
        noImplicitOverride: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
      },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    expect(run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], folder)).toBe('');
    const printed = run(process.execPath, [join('out', 'main.js')], folder).split('\n');
    expect(printed.slice(0, lines.length)).toEqual(lines);
  });
});
