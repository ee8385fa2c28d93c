// UDP echo through a driver of one's own: our host b drives its 82574L by driver.ts, host a by the library's e1000e.
import { AF_INET, createNetwork, SOCK_DGRAM } from 'softirq';
import { tiny } from './driver.js';

const net = createNetwork({ seed: 1, checked: true });
const a = net.host('a', { addresses: ['10.0.0.1/24'] });
const b = net.host('b', { addresses: ['10.0.0.2/24'], driver: tiny() });
net.wire(a, b, { delay: '5us' });

b.spawn(
  async function echo(sys) {
    const fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.bind(fd, { address: '0.0.0.0', port: 7 });
    for (;;) {
      const { data, from } = await sys.recvfrom(fd, 2048);
      await sys.sendto(fd, data, 0, from);
    }
  },
  { daemon: true },
);

const client = a.spawn(async function client(sys) {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  const lines: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    await sys.sendto(fd, text, 0, { address: '10.0.0.2', port: 7 });
    const { data, from } = await sys.recvfrom(fd, 2048);
    lines.push(`${new TextDecoder().decode(data)} from ${from.address}:${from.port}`);
  }
  return lines;
});

await net.run();
export const datagrams: readonly string[] = client.result ?? [];
for (const line of datagrams) console.log(line);
const { rx_packets, tx_packets } = b.nic.dev.stats;
console.log(`${b.nic.driver?.name}: ${rx_packets} packets received, ${tx_packets} sent`);
console.log(b.interrupts());
