import ts from 'typescript';
import { readSource, type Source } from './source.js';

/** Names that a top-level statement declares; none for imports and expressions. */
function names(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((d) => d.name.getText());
  const named = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return named && statement.name !== undefined ? [statement.name.text] : [];
}

/** Where a statement starts with the comments that belong to it: those without a blank line behind them. */
function start(source: Source, statement: ts.Statement): number {
  const own = statement.getStart(source.ast);
  let from = own;
  for (const comment of (ts.getLeadingCommentRanges(source.text, statement.getFullStart()) ?? []).reverse()) {
    if (/\n\s*\n/.test(source.text.slice(comment.end, from))) break;
    from = comment.pos;
  }
  return from;
}

/** All names declared at the top level of a file, in order. */
export function declaredNames(file: string): string[] {
  return readSource(file).ast.statements.flatMap(names);
}

/**
 * The text of some top-level declarations of a file with their comments: neighbours as they stand there, others with a blank line between.
 * No names: everything that is no import.
 */
export function declarationText(file: string, wanted: readonly string[]): string {
  const source = readSource(file);
  const statements = source.ast.statements.filter((statement) =>
    wanted.length === 0 ? !ts.isImportDeclaration(statement) : names(statement).some((name) => wanted.includes(name)),
  );
  let text = '';
  let last = -1;
  for (const statement of statements) {
    const from = start(source, statement);
    const gap = last < 0 ? '' : source.text.slice(last, from).trim() === '' ? source.text.slice(last, from) : '\n\n';
    text += gap + source.text.slice(from, statement.end);
    last = statement.end;
  }
  return text;
}
