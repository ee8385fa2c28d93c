// A device of one's own in a machine: two copies, a snapshot in the middle of them, and the same end twice.
import { createNetwork } from 'softirq';
import { dma_alloc_coherent } from 'softirq/driver';
import { type Copier, copier, type Job } from './driver.js';
import { CopyEngine } from './engine.js';

const net = createNetwork({ seed: 1 });
const host = net.host('h', { devices: [{ create: (ports) => new CopyEngine(ports), driver: copier() }] });
const { pdev } = host.devices[0];
const { arena } = host.mem;

const source = dma_alloc_coherent(pdev, 8192);
const target = dma_alloc_coherent(pdev, 8192);
new TextEncoder().encodeInto('The quick brown fox jumps over the lazy dog', arena.u8.subarray(source));

const engine = pdev.drvdata as Copier;
const jobs = [engine.copy(source, target, 43), engine.copy(source, target + 4096, 4096)] as Job[];
await net.run({ until: '1us' });
const snapshot = net.snapshot();
await net.run();

export const results: readonly string[] = jobs.map((job) => `status ${job.status}, CRC-32 ${job.crc.toString(16)}`);
export const copied: string = new TextDecoder().decode(arena.u8.slice(target, target + 43));
console.log(`'${copied}': ${results.join('; ')} at ${net.now} ns`);

const again = snapshot.restore();
await again.run();
export const same: boolean = again.digest() === net.digest();
console.log(`from the snapshot at ${snapshot.now} ns: ${same ? 'the same digest' : 'another digest'}`);
console.log(host.interrupts());
