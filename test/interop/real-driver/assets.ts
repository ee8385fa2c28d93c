import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../../support/source.js';

/** What a guest boots from: a Debian kernel for 32-bit PCs, modules of it, busybox and a BIOS. */
export interface Assets {
  kernel: Uint8Array;
  /** By file name: the driver, and what tagged networks need, in the order in which it must be loaded. */
  modules: Record<string, Uint8Array>;
  busybox: Uint8Array;
  bios: Uint8Array;
  vgaBios: Uint8Array;
  /** `6.1.0-50-686`, for messages. */
  release: string;
}

/** The last Debian with a kernel for 32-bit PCs, which is what the emulated PC is. */
const SUITE = 'bookworm';
const META = 'linux-image-686';
/** Below the folder of the kernel's modules. */
const MODULES = [
  'drivers/net/ethernet/intel/e1000e/e1000e.ko',
  'net/llc/llc.ko',
  'net/802/stp.ko',
  'net/802/garp.ko',
  'net/802/mrp.ko',
  'net/8021q/8021q.ko',
];

function run(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The Debian mirror this machine uses. */
function mirror(): string {
  const lines = run('apt-get', ['indextargets', '--format', '$(LABEL) $(REPO_URI)', 'Identifier: Packages']).split(
    '\n',
  );
  const line = lines.find((l) => l.startsWith('Debian '));
  if (line === undefined) throw new Error('apt knows no Debian archive: the guest kernel cannot be fetched');
  return line.slice('Debian '.length);
}

/** apt with lists and settings of its own, for i386: the machine's own package lists stay as they are. */
function aptOptions(folder: string): string[] {
  const sources = join(folder, 'sources.list');
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, name), { recursive: true });
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = existsSync(key) ? ` signed-by=${key}` : '';
  writeFileSync(sources, `deb [arch=i386${signed}] ${mirror()} ${SUITE} main\n`);
  const settings = {
    'APT::Architecture': 'i386',
    'APT::Architectures': 'i386',
    'APT::Sandbox::User': 'root',
    'Acquire::Check-Valid-Until': 'false',
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function fetch(folder: string): void {
  const options = aptOptions(folder);
  run('apt-get', [...options, '-qq', 'update']);
  const depends = run('apt-cache', [...options, 'depends', META]);
  const signed = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (signed === undefined) throw new Error(`${META} depends on no kernel image`);
  run('apt-get', [...options, 'download', signed, 'seabios', 'busybox-static'], folder);
  for (const deb of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', join(folder, deb), join(folder, 'root')]);
    rmSync(join(folder, deb));
  }
}

/** The files of the guest, fetched as Debian packages on first use and kept below `out/`. */
export function assets(): Assets {
  const folder = join(root, 'out', 'guest');
  const files = join(folder, 'root');
  if (!existsSync(files)) {
    const making = `${folder}.new`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    fetch(making);
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  }
  const release = readdirSync(join(files, 'boot'))
    .find((name) => name.startsWith('vmlinuz-'))
    ?.slice('vmlinuz-'.length);
  if (release === undefined) throw new Error(`no kernel in ${files}: remove that folder and try again`);
  const read = (name: string): Uint8Array => readFileSync(join(files, name));
  return {
    kernel: read(`boot/vmlinuz-${release}`),
    modules: Object.fromEntries(MODULES.map((name) => [basename(name), read(`lib/modules/${release}/kernel/${name}`)])),
    busybox: read('bin/busybox'),
    bios: read('usr/share/seabios/bios.bin'),
    vgaBios: read('usr/share/seabios/vgabios-stdvga.bin'),
    release,
  };
}
