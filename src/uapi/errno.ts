import { ERRNO_TABLE } from './errno-table.js';

export * from './errno-values.js';

/**
 * The symbolic name of an error number: `errnoName(111)` and `errnoName(-111)` are `'ECONNREFUSED'`.
 * A number Linux does not define gives `'E<number>'`, for example `'E41'`; 0 gives `'0'`.
 */
export function errnoName(errno: number): string {
  const n = Math.abs(errno);
  if (n === 0) return '0';
  const row = find(n);
  return row === undefined ? `E${n}` : row[1];
}

/** The text a Linux C library prints for an error number (either sign); `Unknown error <number>` where Linux defines none. */
export function strerror(errno: number): string {
  const n = Math.abs(errno);
  if (n === 0) return 'Success';
  const row = find(n);
  return row === undefined ? `Unknown error ${n}` : row[2];
}

/** The number of a name (`errnoNumber('EAGAIN')` is 11), or 0 where there is no such name. */
export function errnoNumber(name: string): number {
  const row = ERRNO_TABLE.find((r) => r[1] === name);
  return row === undefined ? 0 : row[0];
}

function find(n: number): (typeof ERRNO_TABLE)[number] | undefined {
  return ERRNO_TABLE.find((row) => row[0] === n);
}
