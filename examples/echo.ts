// Two machines, a wire that loses one frame in a hundred, and sockets.
import { AF_INET, createNetwork, drop, SOCK_DGRAM } from 'softirq';

const net = createNetwork({ seed: 1 });
const a = net.host('a', { addresses: ['10.0.0.1/24'] });
const b = net.host('b', { addresses: ['10.0.0.2/24'] });
net.wire(a, b, { rate: '1Gbps', delay: '1ms', faults: [drop({ ratio: '1/100' })] });

b.spawn(async function server(sys) {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  sys.bind(fd, { address: '0.0.0.0', port: 7000 });
  const { data, from } = await sys.recvfrom(fd, 2048);
  await sys.sendto(fd, data, 0, from);
});

const client = a.spawn(async function client(sys) {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  await sys.sendto(fd, 'hello', 0, { address: '10.0.0.2', port: 7000 });
  const { data, from } = await sys.recvfrom(fd, 2048);
  return `${new TextDecoder().decode(data)} from ${from.address}:${from.port} after ${sys.clock_gettime()} ns`;
});

await net.run();
export const answer: string = client.result ?? '';
console.log(answer);
