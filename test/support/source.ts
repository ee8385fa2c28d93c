import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Root of the repository. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** Files below `folder` (relative to the root) whose name ends in `end`, with `/` between folders, sorted. */
export function filesBelow(folder: string, end: string): string[] {
  const top = join(root, folder);
  if (statSync(top, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}

/** One file read and parsed. */
export interface Source {
  file: string;
  text: string;
  ast: ts.SourceFile;
}

/** Parses `text` as the file `file`. */
export function parse(file: string, text: string): Source {
  return { file, text, ast: ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true) };
}

/** Reads and parses a file of the repository. */
export function readSource(file: string): Source {
  return parse(file, readFileSync(join(root, file), 'utf8'));
}

/** `file:line` of a node. */
export function place(source: Source, node: ts.Node): string {
  return `${source.file}:${source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1}`;
}

/** Calls `visit` with every node of the file, parents first. */
export function walk(source: Source, visit: (node: ts.Node) => void): void {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(source.ast);
}
