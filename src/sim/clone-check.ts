/*
 * What a copy would silently share with its original. A program cannot look into a closure or behind a private name, but it can
 * read the source text of functions, and the two mistakes that are easily made show there.
 */

/** Comments, and texts in quotes or backticks. */
const NOT_CODE = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
const ARROW = /^(?:async\b\s*)?(?:\(|[\w$]+\s*=>)/;
const USES_THIS = /\bthis\b/;
const PRIVATE_NAME = /#[A-Za-z_$][\w$]*/;

/** Source text without comments and texts; of a template only what is computed stays. */
function code(source: string): string {
  return source.replace(NOT_CODE, (text) =>
    text.startsWith('`') ? (text.match(/\$\{[^}]*\}/g) ?? []).join(' ') : ' ',
  );
}

/** `f` is an arrow function that says `this`: it would go on with the original object. */
export function keepsThis(f: object): boolean {
  if ((f as { prototype?: unknown }).prototype !== undefined) return false;
  const source = Function.prototype.toString.call(f);
  return ARROW.test(source) && source.includes('=>') && USES_THIS.test(code(source));
}

/** The first private name (`#count`) of a class, which no copy would have; '' for none. */
export function privateName(maker: object): string {
  const source = Function.prototype.toString.call(maker);
  if (!source.includes('#')) return '';
  return PRIVATE_NAME.exec(code(source))?.[0] ?? '';
}
