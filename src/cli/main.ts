import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parseCidr, parseMac } from '../uapi/index.js';
import { readCosts, readFrames, writeFiles } from './files.js';
import { jsonLines, type ReplayOptions, replay } from './replay.js';
import { textReport, traceFiles } from './report.js';
import { DEMO_HELP, MAIN_HELP, REPLAY_HELP, UsageError } from './usage.js';

/** Where commands write: lines to standard output. */
export type Print = (line: string) => void;

/** The capture shipped with the package and the host in it that is replayed. */
const DEMO = {
  file: 'linux-mixed.pcap',
  host: '10.1.0.2/24,fd01::2/64',
  mac: '02:00:00:00:00:02',
  port: '7000',
} as const;

/** Runs one command line; throws {@link UsageError} for what the caller got wrong. */
export async function main(argv: readonly string[], print: Print): Promise<void> {
  const [command, ...rest] = argv;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') return print(MAIN_HELP);
  if (command === '--version' || command === '-V') return print(packageVersion());
  if (command === 'replay') return replayCommand(rest, print);
  if (command === 'demo') return demoCommand(rest, print);
  throw new UsageError(`no command '${command}': softirq --help lists them`);
}

async function replayCommand(argv: string[], print: Print): Promise<void> {
  const { values, positionals } = parse(argv, {
    host: { type: 'string' },
    mac: { type: 'string' },
    udp: { type: 'string' },
    mode: { type: 'string', default: 'msi' },
    costs: { type: 'string', default: 'zero' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values['help'] === true) return print(REPLAY_HELP);
  const file = positionals[0];
  if (file === undefined || positionals.length > 1) throw new UsageError('replay takes one capture file');
  const out = values['out'] === undefined ? undefined : required(values, 'out', 'DIR');
  const json = values['json'] === true;
  const options = replayOptions(values, !json || out !== undefined);
  const result = await replay(readFrames(file), options);
  for (const line of json ? jsonLines(result) : textReport(result)) print(line);
  if (out !== undefined) writeFiles(out, traceFiles(result));
}

async function demoCommand(argv: string[], print: Print): Promise<void> {
  const { values, positionals } = parse(argv, {
    once: { type: 'boolean', default: false },
    out: { type: 'string', default: 'out' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values['help'] === true) return print(DEMO_HELP);
  if (positionals.length > 0) throw new UsageError(`demo takes no argument '${positionals[0]}'`);
  const out = required(values, 'out', 'DIR');
  const given = { host: DEMO.host, mac: DEMO.mac, udp: DEMO.port, mode: 'msi', costs: 'lumped', seed: values['seed'] };
  const result = await replay(readFrames(join(packageRoot(), 'captures', DEMO.file)), replayOptions(given, true));
  for (const line of textReport(result)) print(line);
  print('');
  for (const path of writeFiles(out, traceFiles(result))) print(`wrote ${path}`);
}

function replayOptions(values: Readonly<Record<string, unknown>>, trace: boolean): ReplayOptions {
  const addresses = required(values, 'host', 'ADDR/PREFIX').split(',');
  for (const address of addresses) check(() => parseCidr(address));
  const mac = required(values, 'mac', 'MAC');
  check(() => {
    const bytes = parseMac(mac);
    if ((bytes[0] & 1) === 1) throw new UsageError(`--mac is the address of one station, not of a group: '${mac}'`);
    if (bytes.every((byte) => byte === 0)) throw new UsageError(`--mac is no station's address: '${mac}'`);
  });
  const mode = text(values['mode']);
  if (mode !== 'msi' && mode !== 'msix' && mode !== 'intx')
    throw new UsageError(`--mode is msi, msix or intx, not '${mode}'`);
  return {
    addresses,
    mac,
    port: whole('udp', required(values, 'udp', 'PORT'), 1, 65535),
    mode,
    costs: readCosts(text(values['costs']) as string),
    seed: whole('seed', text(values['seed']) as string, 0, Number.MAX_SAFE_INTEGER),
    trace,
  };
}

function parse(
  args: string[],
  options: NonNullable<ParseArgsConfig['options']>,
): { values: Readonly<Record<string, unknown>>; positionals: string[] } {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split(/\. |\.?\n/)[0] as string) : String(error));
  }
}

function required(values: Readonly<Record<string, unknown>>, name: string, what: string): string {
  const value = text(values[name]);
  if (value === undefined || value === '') throw new UsageError(`--${name} ${what} is missing`);
  return value;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function whole(name: string, value: string, low: number, high: number): number {
  const n = Number(value);
  if (!/^\d+$/.test(value) || n < low || n > high)
    throw new UsageError(`--${name} is a whole number from ${low} to ${high}, not '${value}'`);
  return n;
}

function check(parseIt: () => unknown): void {
  try {
    parseIt();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function packageRoot(): string {
  // dist/cli/… in the package, src/cli/… in the checkout: the root is the nearest folder above with a package.json.
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!hasManifest(folder)) {
    const up = dirname(folder);
    if (up === folder) throw new UsageError('the package is incomplete: no package.json above the program');
    folder = up;
  }
  return folder;
}

function hasManifest(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string }).name === 'softirq';
  } catch {
    return false;
  }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}
