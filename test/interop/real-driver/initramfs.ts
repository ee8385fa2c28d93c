import { gzipSync } from 'node:zlib';

const DIRECTORY = 0o40755;
const PROGRAM = 0o100755;
const DEVICE = 0o20600;

const hex = (n: number): string => n.toString(16).padStart(8, '0');

function padded(parts: readonly Uint8Array[]): Buffer {
  const all = Buffer.concat(parts);
  return Buffer.concat([all, Buffer.alloc(-all.length & 3)]);
}

/** One record of a cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst). */
function record(inode: number, name: string, mode: number, data: Uint8Array, major = 0, minor = 0): Buffer {
  const zeroEnded = Buffer.from(`${name}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, zeroEnded.length, 0];
  return Buffer.concat([padded([Buffer.from(`070701${fields.map(hex).join('')}`), zeroEnded]), padded([data])]);
}

/** An initramfs with these programs, the folders a small system wants and `/dev/console`. */
export function initramfs(programs: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const none = new Uint8Array(0);
  const out: Buffer[] = [];
  for (const name of ['bin', 'dev', 'lib', 'proc', 'sys', 'tmp', 'www'])
    out.push(record(out.length + 1, name, DIRECTORY, none));
  out.push(record(out.length + 1, 'dev/console', DEVICE, none, 5, 1));
  for (const [name, data] of Object.entries(programs)) out.push(record(out.length + 1, name, PROGRAM, data));
  out.push(record(0, 'TRAILER!!!', 0, none));
  return gzipSync(Buffer.concat(out));
}
