import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../support/source.js';

export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

const ROOM = 64 << 20;

/** Runs a program to its end. */
function program(command: string, args: readonly string[]): Finished {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: ROOM });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Makes sure that `dist` is what the sources say. */
export function build(): void {
  const { status, stderr } = program(process.execPath, [join(root, 'scripts', 'build.mjs')]);
  if (status !== 0) throw new Error(stderr);
}

/** Runs the built command. */
export function softirq(...args: string[]): Finished {
  return program(process.execPath, [join(root, 'dist', 'cli', 'index.js'), ...args]);
}

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = program(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** `editcap -F format from to` */
export function editcap(format: string, from: string, to: string): void {
  must('editcap', ['-F', format, from, to]);
}

/** `lspci -nn -F file`: pciutils decodes a hex dump of configuration space. */
export function realLspci(file: string, ...flags: string[]): string {
  return must('lspci', ['-nn', '-F', file, ...flags]);
}

/** Preferences under which tshark puts fragments together and verifies every checksum. */
const STRICT = [
  ...['-o', 'ip.defragment:TRUE', '-o', 'ipv6.defragment:TRUE'],
  ...['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'],
];

/** Field separator: no value contains it. */
const TAB = '\t';

/**
 * What tshark says of a capture, a record for each frame that passes the display filter; a field that occurs several times in a frame has its
 * values joined by commas. Ports that Wireshark knows are data to us: no protocol above UDP is dissected.
 */
export function tshark<F extends string>(file: string, filter: string, fields: readonly F[]): Record<F, string>[] {
  const wanted = fields.flatMap((field) => ['-e', field]);
  const asData = ['--disable-heuristic', 'rtp_udp', '--disable-protocol', 'rx'];
  const args = [
    '-n',
    '-r',
    file,
    ...STRICT,
    ...asData,
    '-Y',
    filter,
    '-T',
    'fields',
    '-E',
    'separator=/t',
    '-E',
    'occurrence=a',
  ];
  const lines = must('tshark', [...args, ...wanted])
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => {
    const values = line.split(TAB);
    return Object.fromEntries(fields.map((field, i) => [field, values[i] ?? ''])) as Record<F, string>;
  });
}

/** A folder for one file's tests. */
export function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'softirq-interop-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
