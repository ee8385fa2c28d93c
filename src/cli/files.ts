import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Costs, loadCostTable } from '../cpu/index.js';
import { LINKTYPE_ETHERNET, PcapError, readCapture, relativeNs } from '../pcap/index.js';
import type { TimedFrame } from '../wire/index.js';
import { UsageError } from './usage.js';

/** Reads a file; what the system says becomes one line. */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`);
  }
}

/** The Ethernet frames of a capture file with their times. */
export function readFrames(path: string): TimedFrame[] {
  const bytes = readFile(path);
  try {
    const { interfaces, packets } = readCapture(bytes);
    const ethernet = packets.filter((p) => interfaces[p.interface]?.linkType === LINKTYPE_ETHERNET);
    const origin = ethernet[0];
    if (origin === undefined) {
      const other = packets[0];
      if (other === undefined) return [];
      throw new UsageError(`${path}: no Ethernet frames, its link type is ${interfaces[other.interface]?.linkType}`);
    }
    return ethernet.map((p) => ({ time_ns: relativeNs(p, origin), bytes: p.data }));
  } catch (error) {
    if (error instanceof PcapError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** A cost table by name or from a JSON file. */
export function readCosts(name: string): 'zero' | 'lumped' | Costs {
  if (name === 'zero' || name === 'lumped') return name;
  const text = new TextDecoder().decode(readFile(name));
  try {
    return loadCostTable(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`${name}: ${reason(error)}`);
  }
}

/** Writes files into a folder, which is made if need be; returns their paths. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string[] {
  try {
    makeFolder(folder);
    return Object.entries(files).map(([name, content]) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    });
  } catch (error) {
    throw new UsageError(`cannot write to ${folder}: ${reason(error)}`);
  }
}

/** Not `recursive`: Node's own never comes back where the system says ENOENT for a folder that is there, as under /proc. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(folder);
  if (above !== folder) makeFolder(above);
  mkdirSync(folder);
}

function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
}
