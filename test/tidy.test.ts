import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, parse, readSource, root } from './support/source.js';
import {
  ambient,
  banned,
  countLines,
  FILE_LINES,
  FUNCTION_LINES,
  longFunctions,
  sleepingTests,
  unfinished,
} from './support/tidy.js';

const src = filesBelow('src', '.ts').map(readSource);
const tests = filesBelow('test', '.ts').map(readSource);
const others = ['bench', 'examples', 'scripts'].flatMap((f) => [...filesBelow(f, '.ts'), ...filesBelow(f, '.mjs')]);
const all = [...src, ...tests, ...others.map(readSource)];
/** The one file that touches the platform's clock and macrotasks, and the rooms that are made for Node. */
const core = src.filter(({ file }) => !/^src\/(sim\/runtime\.ts$|node\/|cli\/)/.test(file));

describe('the tree', () => {
  it('has the files this test is about', () => {
    expect(core.length).toBeGreaterThan(50);
    expect(tests.length).toBeGreaterThan(10);
  });

  it(`keeps every file within ${FILE_LINES} lines, and the median of src near 120`, () => {
    const long = all
      .filter(({ text }) => countLines(text) > FILE_LINES)
      .map(({ file, text }) => `${file} ${countLines(text)}`);
    expect(long).toEqual([]);
    const lengths = src.map(({ text }) => countLines(text)).sort((a, b) => a - b);
    expect(lengths[lengths.length >> 1]).toBeLessThanOrEqual(160);
  });

  it(`keeps every function under ${FUNCTION_LINES} lines`, () => {
    expect([...src, ...others.map(readSource)].flatMap(longFunctions)).toEqual([]);
  });

  it('takes no time, chance, timer or locale from the platform', () => {
    expect(core.flatMap(ambient)).toEqual([]);
  });

  it('has no enum, private name, default export, weak reference or module-level state', () => {
    expect(src.flatMap(banned)).toEqual([]);
  });

  it('says nowhere that it is unfinished', () => {
    expect(all.flatMap(unfinished)).toEqual([]);
  });

  it('has no test that sleeps', () => {
    expect(tests.flatMap(sleepingTests)).toEqual([]);
  });
});

describe('the lock file', () => {
  interface Locked {
    resolved?: string;
    optionalDependencies?: Record<string, string>;
  }
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };

  it('names every optional dependency it asks for, or npm ci would refuse it', () => {
    const names = new Set(Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
    const asked = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  it('binds nobody to an address', () => {
    expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
  });
});

describe('the rules see what they are for', () => {
  const found = (rule: (s: ReturnType<typeof parse>) => string[], code: string): string[] => rule(parse('a.ts', code));

  it.each([
    'const t = Date.now();',
    'const d = new Date();',
    'const r = Math.random();',
    'const p = Math.pow(2, 3);',
    "const m = Math['exp'](1);",
    'const c = Math.cbrt(8);',
    'const f = setTimeout;',
    'const o = { performance };',
    'const g = globalThis.process;',
    'const q = x ** 3;',
    'const h = 2 ** y;',
    "const s = ['b', 'a'].sort((a, b) => a.localeCompare(b));",
  ])('ambient: %s', (code) => {
    expect(found(ambient, code)).not.toEqual([]);
  });

  it.each([
    'const n = Math.floor(1.5) + Math.imul(3, 4) + 2 ** 53;',
    'interface Clock { setTimeout(ns: number): void; performance: number }',
    'const now = clock.performance;',
    'const big = 10n ** 9n;',
    'let d: Date;',
    'function wake(process: Task) { return process.pid; }',
  ])('not ambient: %s', (code) => {
    expect(found(ambient, code)).toEqual([]);
  });

  it.each([
    'enum A { B }',
    'class A { #b = 1; }',
    'const a = 1; export default a;',
    'export default function f() {}',
    'let count = 0;',
    'const w = new WeakMap();',
  ])('banned: %s', (code) => {
    expect(found(banned, code)).not.toEqual([]);
  });

  it('not banned: a const, a local let, a switch with a default', () => {
    expect(found(banned, 'const a = 1; function f() { let b = a; switch (b) { default: b = 2; } return b; }')).toEqual(
      [],
    );
  });

  it('a function of exactly the limit is too long, one line less is not', () => {
    const body = (lines: number): string => `function f() {\n${'  g();\n'.repeat(lines - 2)}}\n`;
    expect(found(longFunctions, body(FUNCTION_LINES))).toEqual([`a.ts:1 ${FUNCTION_LINES} lines`]);
    expect(found(longFunctions, body(FUNCTION_LINES - 1))).toEqual([]);
  });

  it.each(['skip', 'only', 'todo'])('a test that is put to sleep by %s', (how) => {
    expect(found(sleepingTests, `it.${how}('x', () => {});`)).toEqual([`a.ts:1 it.${how}`]);
    expect(found(sleepingTests, `describe.concurrent.${how}('x', () => {});`)).toEqual([`a.ts:1 describe.${how}`]);
  });

  it('a word that says unfinished', () => {
    expect(found(unfinished, `// ${'TO'}DO: later`)).toHaveLength(1);
    expect(found(unfinished, 'const todo = 1;')).toEqual([]);
  });
});
