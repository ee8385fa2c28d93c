// A port without a machine: raw Ethernet frames in and out, as from a TAP device, a capture file or another stack.
import { createNetwork } from 'softirq';

const net = createNetwork();
const host = net.host('host', { addresses: ['10.0.0.2/24'], mac: '02:00:00:00:00:02' });
const port = net.port(host);

/** "Who has 10.0.0.2? Tell 10.0.0.1", from 02:00:00:00:00:01. */
const arpRequest = Uint8Array.of(
  ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06],
  ...[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2],
);
port.send(arpRequest);
await net.run();

export const answers: Uint8Array[] = port.received.map((f) => f.bytes).filter((b) => b[12] === 8 && b[13] === 6);
console.log(
  answers.map((bytes) => Array.from(bytes.subarray(22, 28), (x) => x.toString(16).padStart(2, '0')).join(':')),
);
