import ts from 'typescript';
import { place, type Source, walk } from './source.js';

/** Largest number of lines of a file. */
export const FILE_LINES = 500;
/** A function must be shorter than this many lines. */
export const FUNCTION_LINES = 70;

/** Number of lines of a text; the newline at its end begins no further one. */
export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Functions of `FUNCTION_LINES` lines or more. */
export function longFunctions(source: Source): string[] {
  const found: string[] = [];
  walk(source, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    const lines = countLines(node.getText(source.ast));
    if (lines >= FUNCTION_LINES) found.push(`${place(source, node)} ${lines} lines`);
  });
  return found;
}

/** Time, timers, chance and locale of the platform, by the name of the global. */
const AMBIENT: ReadonlySet<string> = new Set([
  ...['Date', 'performance', 'Intl', 'crypto', 'process', 'Buffer', 'queueMicrotask', 'MessageChannel'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
]);

/** The functions of `Math` that are exact in every engine; the others are approximated, or random. */
const EXACT_MATH: ReadonlySet<string> = new Set([
  ...['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'],
]);

/** Methods whose answer depends on the locale of the machine. */
const LOCALE: ReadonlySet<string> = new Set([
  'localeCompare',
  'toLocaleString',
  'toLocaleUpperCase',
  'toLocaleLowerCase',
]);

/** Uses of the platform's time, chance, floating functions and locale: what would make two runs differ. */
export function ambient(source: Source): string[] {
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`${place(source, node)} ${what}`);
  };
  const own = declaredNames(source);
  walk(source, (node) => {
    if (ts.isIdentifier(node) && AMBIENT.has(node.text) && !own.has(node.text) && isGlobalUse(node))
      add(node, node.text);
    if (ts.isPropertyAccessExpression(node)) {
      const { text } = node.name;
      if (LOCALE.has(text)) add(node, text);
      if (!ts.isIdentifier(node.expression)) return;
      if (node.expression.text === 'Math' && !EXACT_MATH.has(text)) add(node, `Math.${text}`);
      if (node.expression.text === 'globalThis') add(node, `globalThis.${text}`);
    }
    if (ts.isElementAccessExpression(node) && node.expression.getText(source.ast) === 'Math') add(node, 'Math[…]');
    if (ts.isBinaryExpression(node) && isInexactPower(node)) add(node, '**');
  });
  return found;
}

/** Names the file gives to variables, parameters, functions, classes or imports of its own: they hide a global. */
function declaredNames(source: Source): Set<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isImportSpecifier(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** Whether an identifier reads a variable, rather than naming a property, a member, a declaration or a type. */
function isGlobalUse(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return parent.getChildAt(0) === node;
  if (ts.isTypeReferenceNode(parent)) return false;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  const named = parent as ts.Node & { name?: ts.Node; propertyName?: ts.Node };
  return named.name !== node && named.propertyName !== node;
}

/** Powers are `Math.pow`; those of 2 with a literal exponent, and of bigints, are exact. */
function isInexactPower(node: ts.BinaryExpression): boolean {
  const operator = node.operatorToken.kind;
  if (operator === ts.SyntaxKind.AsteriskAsteriskEqualsToken) return true;
  if (operator !== ts.SyntaxKind.AsteriskAsteriskToken) return false;
  if (ts.isBigIntLiteral(node.left)) return false;
  const literals = ts.isNumericLiteral(node.left) && node.left.text === '2' && isIntegerLiteral(node.right);
  return !literals;
}

function isIntegerLiteral(node: ts.Expression): boolean {
  const digits = ts.isPrefixUnaryExpression(node) ? node.operand : node;
  return ts.isNumericLiteral(digits) && Number.isInteger(Number(digits.text));
}

/** Constructs the house does without: enum, `#private`, default exports, module state, weak references. */
export function banned(source: Source): string[] {
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`${place(source, node)} ${what}`);
  };
  walk(source, (node) => {
    if (ts.isEnumDeclaration(node)) add(node, 'enum');
    if (ts.isPrivateIdentifier(node)) add(node, node.text);
    if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
      if (!ts.isDefaultClause(node.parent)) add(node, 'default export');
    }
    if (
      ts.isNewExpression(node) &&
      /^(WeakMap|WeakSet|WeakRef|FinalizationRegistry|Proxy)$/.test(node.expression.getText())
    ) {
      add(node, `new ${node.expression.getText()}`);
    }
    if (ts.isVariableStatement(node) && node.parent === source.ast) {
      if ((node.declarationList.flags & ts.NodeFlags.Const) === 0) add(node, 'module-level state');
    }
  });
  return found;
}

const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);

/** Words that say a thing is not finished. */
export function unfinished(source: Source): string[] {
  const found: string[] = [];
  source.text.split('\n').forEach((line, i) => {
    const hit = UNFINISHED.exec(line);
    if (hit !== null) found.push(`${source.file}:${i + 1} ${hit[0]}`);
  });
  return found;
}

/** Tests that do not run, or that keep others from running. */
export function sleepingTests(source: Source): string[] {
  const found: string[] = [];
  walk(source, (node) => {
    if (ts.isPropertyAccessExpression(node) && /^(only|skip|todo|fails|skipIf)$/.test(node.name.text)) {
      const base = /^\w+/.exec(node.getText(source.ast))?.[0] ?? '';
      if (/^(it|test|describe|suite|bench)$/.test(base)) found.push(`${place(source, node)} ${base}.${node.name.text}`);
    }
    if (ts.isIdentifier(node) && /^(xit|xtest|xdescribe|fit|fdescribe)$/.test(node.text)) {
      found.push(`${place(source, node)} ${node.text}`);
    }
  });
  return found;
}
