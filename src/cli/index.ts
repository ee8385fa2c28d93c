#!/usr/bin/env node
import { main } from './main.js';
import { UsageError } from './usage.js';

run(process.stdout, process.stderr);

/** A reader that has seen enough (`| head`) is no error; a full disk is one, in one line. */
function run(out: NodeJS.WriteStream, err: NodeJS.WriteStream): void {
  let listening = true;
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (listening && error.code !== 'EPIPE') fail(`cannot write to standard output: ${error.message}`);
    listening = false;
  });
  err.on('error', () => {
    process.exitCode = 1;
  });
  const print = (line: string): void => {
    if (listening) out.write(`${line}\n`);
  };
  const fail = (message: string): void => {
    process.exitCode = 1;
    err.write(`softirq: ${message}\n`);
  };
  main(process.argv.slice(2), print).catch((error: unknown) => {
    if (error instanceof UsageError) fail(error.message);
    else fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
}
