// The same exchange under faults that hit exactly the frames one names; the link changes in mid-run.
import { AF_INET, corrupt, createNetwork, drop, duplicate, SOCK_DGRAM } from 'softirq';

const net = createNetwork({ seed: 7 });
const a = net.host('a', { addresses: ['10.0.0.1/24'] });
const b = net.host('b', { addresses: ['10.0.0.2/24'] });
const link = net.wire(a, b);

const received: string[] = [];
b.spawn(
  async (sys) => {
    const fd = sys.socket(AF_INET, SOCK_DGRAM);
    sys.bind(fd, { address: '0.0.0.0', port: 7000 });
    for (;;) received.push(new TextDecoder().decode((await sys.recvfrom(fd, 2048)).data));
  },
  { daemon: true },
);

a.spawn(async (sys) => {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  const to = { address: '10.0.0.2', port: 7000 };
  await sys.sendto(fd, 'one', 0, to);
  await sys.sleep('1ms');
  // Each rule counts the frames that reach it: the second never sees the lost one, the third sees both copies of the doubled one.
  link.setFaults([drop({ index: [0] }), duplicate({ index: [0] }), corrupt({ index: [2] })], 'a->b');
  for (const word of ['lost', 'twice', 'damaged', 'last']) await sys.sendto(fd, word, 0, to);
  await sys.sleep('1ms');
});

await net.run();

export { received };
export const drops: Record<string, number> = b.drops();
console.log(received, drops, link.faultCounts('a->b'));
