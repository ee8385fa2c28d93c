import { OptionError } from './errors.js';

/**
 * Refuses what is no object of options, and options that nobody reads: a name misspelt would be a setting that silently does nothing. `what`
 * names their owner in the message. @throws OptionError
 */
export function checkKeys(options: unknown, allowed: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(`options of ${what} are an object, not ${options === null ? 'null' : typeof options}`);
  }
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key)) throw new OptionError(`${what} has no option '${key}': ${allowed.join(', ')}`);
  }
}
