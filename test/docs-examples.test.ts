import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { declarationText, declaredNames } from './support/declarations.js';
import { root } from './support/source.js';

/** The guides, and the example files they show whole: every declaration of those appears in a block. */
const GUIDES: [string, string[]][] = [
  ['docs/writing-a-driver.md', ['examples/driver/driver.ts', 'examples/driver/hw.ts']],
  ['docs/writing-a-device.md', ['examples/device/regs.ts', 'examples/device/engine.ts', 'examples/device/driver.ts']],
];

/** A comment that names a file and perhaps declarations of it, and the block of code that must be them. */
const BLOCK = /<!-- example: (\S+\.ts)((?: \w+)*) -->\n```ts\n((?:(?!```)[\s\S])*)```/g;

interface Shown {
  file: string;
  names: string[];
  code: string;
}

const list = (names: string): string[] => names.split(' ').filter((name) => name !== '');

function shown(markdown: string): Shown[] {
  return [...markdown.matchAll(BLOCK)].map(([, file, names, code]) => ({
    file: file as string,
    names: list(names as string),
    code: (code as string).trimEnd(),
  }));
}

/** The document with every block as its source is now. */
function renewed(markdown: string): string {
  return markdown.replace(BLOCK, (block, file: string, names: string) => {
    const code = declarationText(file, list(names));
    return `${block.slice(0, block.indexOf('```ts\n'))}\`\`\`ts\n${code}\n\`\`\``;
  });
}

describe('the guides', () => {
  for (const [guide, files] of GUIDES) {
    /** Made anew by `UPDATE_DOCS=1 npx vitest run test/docs-examples.test.ts`. */
    test(`${guide}: every block of code is what the example says`, () => {
      const path = join(root, guide);
      if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path, renewed(readFileSync(path, 'utf8')));
      const markdown = readFileSync(path, 'utf8');
      const blocks = shown(markdown);
      expect(blocks.length).toBe([...markdown.matchAll(/^```ts$/gm)].length);
      for (const { file, names, code } of blocks) expect(code).toBe(declarationText(file, names));
    });

    test(`${guide}: nothing of the example is left out`, () => {
      const blocks = shown(readFileSync(join(root, guide), 'utf8'));
      for (const file of files) {
        const told = new Set(blocks.filter((block) => block.file === file).flatMap((block) => block.names));
        const whole = blocks.some((block) => block.file === file && block.names.length === 0);
        expect(declaredNames(file).length).toBeGreaterThan(3);
        expect([file, declaredNames(file).filter((name) => !whole && !told.has(name))]).toEqual([file, []]);
      }
    });
  }

  test('the check sees a block that differs and a name that is not there', () => {
    const file = 'examples/driver/hw.ts';
    expect(declarationText(file, ['next'])).toContain('return (i + 1) % COUNT;');
    expect(declarationText(file, ['nowhere'])).toBe('');
    const markdown = `<!-- example: ${file} next -->\n\`\`\`ts\nfunction next() {}\n\`\`\``;
    expect(renewed(markdown)).not.toBe(markdown);
  });
});
