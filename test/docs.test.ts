import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { readFrames } from '../src/cli/files.js';
import { replay } from '../src/cli/replay.js';
import { traceFiles } from '../src/cli/report.js';
import { filesBelow, readSource, root, walk } from './support/source.js';

const text = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Names of the functions and methods that a file declares. */
function declared(file: string): Set<string> {
  const names = new Set<string>();
  walk(readSource(file), (node) => {
    const named =
      ts.isFunctionDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isMethodSignature(node) ||
      ts.isGetAccessorDeclaration(node);
    if (named && node.name !== undefined) names.add(node.name.getText());
  });
  return names;
}

const sources = new Map(filesBelow('src', '.ts').map((file) => [file, declared(file)]));

/** List items, table rows and paragraphs, without fenced code. */
function blocks(markdown: string): string[] {
  const plain = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  return plain.split(/\n(?=\s*(?:\d+\. |- |\|))|\n\s*\n/).filter((block) => block.trim() !== '');
}

/** `src/…` paths in backticks. */
const paths = (block: string): string[] => [...block.matchAll(/`(src\/[\w./-]+)`/g)].map((m) => m[1] as string);
/** Identifiers in backticks with () behind them. */
const calls = (block: string): string[] => [...block.matchAll(/`(?:\w+\.)*(\w+)\(\)`/g)].map((m) => m[1] as string);

/** What a document says that the sources do not bear out. */
function wrong(markdown: string): string[] {
  const errors: string[] = [];
  for (const block of blocks(markdown)) {
    const named = paths(block);
    errors.push(...named.filter((path) => !existsSync(join(root, path))).map((path) => `no ${path}`));
    const near = [...sources].filter(([file]) => named.some((path) => file === path || file.startsWith(`${path}/`)));
    const where = near.length === 0 ? [...sources] : near;
    for (const name of calls(block)) {
      if (!where.some(([, names]) => names.has(name))) errors.push(`${name}() is not in ${named.join(', ') || 'src'}`);
    }
  }
  return errors;
}

describe('what the documents say about the sources', () => {
  const guides = ['docs/writing-a-driver.md', 'docs/writing-a-device.md'];
  for (const file of ['docs/architecture.md', 'docs/roadmap.md', 'README.md', ...guides]) {
    test(`${file}: every path and every function exists`, () => {
      expect(wrong(text(file))).toEqual([]);
    });
  }

  test('the architecture names functions in every step of both ways', () => {
    const steps = blocks(text('docs/architecture.md')).filter((block) => /^\d+\. \*\*/.test(block));
    expect(steps.length).toBe(17 + 9);
    for (const step of steps)
      expect([step.slice(0, 40), paths(step).length > 0, calls(step).length > 0]).toEqual([
        step.slice(0, 40),
        true,
        true,
      ]);
  });

  test('the check sees a wrong path, a wrong function, and a function in another file', () => {
    expect(wrong('`src/sim/nowhere.ts` is\n\n`dreamt()` of')).toEqual([
      'no src/sim/nowhere.ts',
      'dreamt() is not in src',
    ]);
    expect(wrong('1. `src/sim/rng.ts`: `netif_receive_skb()`')).toEqual([
      'netif_receive_skb() is not in src/sim/rng.ts',
    ]);
    expect(wrong('| `src/skbuff` | `netif_receive_skb()` |\n| `src/sim` | `netif_receive_skb()` |')).toEqual([
      'netif_receive_skb() is not in src/sim',
    ]);
  });
});

describe('DESIGN.md', () => {
  test('its table of rooms names every folder of src', () => {
    const table = text('DESIGN.md')
      .split('\n')
      .filter((line) => line.startsWith('| `src/'));
    const named = table.flatMap((line) => paths((line.split('|')[1] as string).replaceAll('/*`', '`')));
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const missing = folders
      .map((entry) => `src/${entry.name}`)
      .filter((path) => !named.some((n) => n === path || n.startsWith(`${path}/`)));
    expect(missing).toEqual([]);
  });
});

describe('links', () => {
  const guides = ['docs/writing-a-driver.md', 'docs/writing-a-device.md'];
  for (const file of ['README.md', 'docs/architecture.md', 'docs/roadmap.md', 'CONTRIBUTING.md', ...guides]) {
    test(`${file}: every relative link leads to a file`, () => {
      const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '.';
      const targets = [...text(file).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map((m) => m[1] as string);
      expect(targets.filter((target) => !existsSync(join(root, folder, target)))).toEqual([]);
    });
  }
});

/** A program as the README shows it: without comments, exports of results and blank lines at the ends. */
const bare = (program: string): string =>
  program
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('\n')
    .trim();

describe('the picture', () => {
  /** Made anew by `UPDATE_DOCS=1 npx vitest run test/docs.test.ts`. */
  test('docs/journey.svg is what the demonstration draws from its trace', async () => {
    const result = await replay(readFrames(join(root, 'captures/linux-mixed.pcap')), {
      addresses: ['10.1.0.2/24', 'fd01::2/64'],
      mac: '02:00:00:00:00:02',
      port: 7000,
      mode: 'msi',
      costs: 'lumped',
      seed: 1,
      trace: true,
    });
    const drawn = traceFiles(result)['journey.svg'] as string;
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(join(root, 'docs/journey.svg'), drawn);
    expect(text('docs/journey.svg')).toBe(drawn);
  });
});

describe('the README', () => {
  test('its ten lines are examples/echo.ts, but for comments and the last lines', () => {
    const shown = /<!-- example: examples\/echo\.ts -->\n```ts\n([\s\S]*?)```/.exec(text('README.md'))?.[1] as string;
    const body = (program: string): string => bare(program).split('\nawait net.run();\n')[0] as string;
    expect(body(shown).length).toBeGreaterThan(500);
    expect(body(shown)).toBe(body(text('examples/echo.ts')));
    expect(shown).toContain('\nawait net.run();\nconsole.log(client.result);\n');
  });

  test('its table of subpaths is that of package.json', () => {
    const manifest = JSON.parse(text('package.json')) as { exports: Record<string, unknown> };
    const shown = [...text('README.md').matchAll(/^\| `(softirq(?:\/\w+)?)` \|/gm)].map((m) => m[1]);
    const exported = Object.keys(manifest.exports).filter((key) => !key.endsWith('.json'));
    expect(shown.sort()).toEqual(exported.map((key) => key.replace(/^\./, 'softirq')).sort());
  });
});
