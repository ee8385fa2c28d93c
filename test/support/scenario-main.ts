import { createHash } from 'node:crypto';
import { runScenario } from './scenario.js';

// Prints a fingerprint of the scenario: run as a process of its own.
const { pcapng, digest, received, drops } = await runScenario();
const pcap = createHash('sha256').update(pcapng).digest('hex');
console.log(JSON.stringify({ digest, pcap, received, drops }));
