#!/usr/bin/env node
import { main } from './main.js';
import { UsageError } from './usage.js';

main(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`)).catch((error: unknown) => {
  const known = error instanceof UsageError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`softirq: ${known || !(error instanceof Error) ? message : (error.stack ?? message)}\n`);
  process.exitCode = 1;
});
