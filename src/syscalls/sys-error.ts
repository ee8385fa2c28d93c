import { errnoName, strerror } from '../uapi/index.js';

const BRAND = Symbol.for('softirq.SysError');

/**
 * The error of a system call, shaped like Node's own: `code` ('ECONNREFUSED'), `errno` (negative, as libuv and Node give it), `syscall`.
 * `instanceof` also holds across two copies of the library (ESM and CJS).
 */
export class SysError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly address?: string;
  readonly port?: number;

  /** @param errno the errno, positive or negative (`-EAGAIN` and `EAGAIN` mean the same) */
  constructor(errno: number, syscall: string, where?: { address: string; port: number }) {
    const value = Math.abs(errno);
    const code = errnoName(value);
    const place = where === undefined ? '' : ` ${where.address}:${where.port}`;
    super(`${code}: ${strerror(value)}, ${syscall}${place}`);
    this.name = 'SysError';
    this.code = code;
    this.errno = -value;
    this.syscall = syscall;
    if (where !== undefined) {
      this.address = where.address;
      this.port = where.port;
    }
    Object.defineProperty(this, BRAND, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
