// The programs of the benches: a sender with a window of 128 datagrams and a receiver that returns one real credit datagram per 32.
import { AF_INET, createNetwork, MSG_DONTWAIT, POLLIN, POLLOUT, SOCK_DGRAM } from '../dist/index.js';

const RUN = 0;
const SLEEP = 1;
const EXIT = 2;
const EAGAIN = 11;
const WINDOW = 128;
const CREDIT = 32;

export const PORT = 7000;
export const SERVER = '10.0.0.2';

function sockaddr(address, port) {
  const [a, b, c, d] = address.split('.').map(Number);
  const bytes = new Uint8Array(16);
  bytes.set([AF_INET, 0, port >> 8, port & 255, a, b, c, d]);
  return bytes;
}

/** Sends `total` datagrams through the core API; sizes cycle through `sizes`. */
export class CoreSender {
  constructor(sizes, total) {
    this.sizes = sizes;
    this.total = total;
    this.sent = 0;
    this.credit = WINDOW;
    this.fd = -1;
    this.buf = new Uint8Array(65536).fill(0x5a);
    this.small = new Uint8Array(8);
    this.to = sockaddr(SERVER, PORT);
  }

  step(thread) {
    const { kernel, proc } = thread;
    if (this.fd < 0) {
      this.fd = kernel.socket(proc, AF_INET, SOCK_DGRAM, 0);
      return RUN;
    }
    if (this.sent === this.total) return EXIT;
    if (this.credit === 0) return this.takeCredit(thread);
    const size = this.sizes[this.sent % this.sizes.length];
    const n = kernel.sendto(proc, this.fd, this.buf, 0, size, MSG_DONTWAIT, this.to, 16);
    if (n === -EAGAIN) {
      thread.kernel.sleepOn(thread, this.fd, POLLOUT);
      return SLEEP;
    }
    if (n !== size) throw new Error(`sendto: ${n}`);
    this.sent++;
    this.credit--;
    return RUN;
  }

  takeCredit(thread) {
    const n = thread.kernel.recvfrom(thread.proc, this.fd, this.small, 0, 8, MSG_DONTWAIT, null);
    if (n === -EAGAIN) {
      thread.kernel.sleepOn(thread, this.fd, POLLIN);
      return SLEEP;
    }
    this.credit += CREDIT;
    return RUN;
  }
}

/** Receives through the core API and returns credit. */
export class CoreReceiver {
  constructor() {
    this.fd = -1;
    this.received = 0;
    this.bytes = 0;
    this.buf = new Uint8Array(65536);
    this.from = new Uint8Array(16);
    this.bound = false;
  }

  step(thread) {
    const { kernel, proc } = thread;
    if (this.fd < 0) {
      this.fd = kernel.socket(proc, AF_INET, SOCK_DGRAM, 0);
      kernel.bind(proc, this.fd, sockaddr('0.0.0.0', PORT), 16);
      return RUN;
    }
    const n = kernel.recvfrom(proc, this.fd, this.buf, 0, 65536, MSG_DONTWAIT, this.from);
    if (n === -EAGAIN) {
      kernel.sleepOn(thread, this.fd, POLLIN);
      return SLEEP;
    }
    if (n < 0) throw new Error(`recvfrom: ${n}`);
    this.bytes += n;
    if (++this.received % CREDIT === 0) kernel.sendto(proc, this.fd, this.buf, 0, 1, MSG_DONTWAIT, this.from, 16);
    return RUN;
  }
}

/** Two hosts on a wire, `total` datagrams through the core API. Returns the function that runs it. */
/** One datagram ahead, so that the neighbours know each other: packets that wait for an answer are limited in bytes, as in Linux. */
async function acquaint(net, a) {
  a.spawn([
    { call: 'socket', fd: 's', family: AF_INET, type: SOCK_DGRAM },
    { call: 'sendto', fd: 's', data: new Uint8Array(1), to: { address: SERVER, port: PORT - 1 } },
  ]);
  await net.run();
  await net.run();
}

export function coreRun({ sizes, total, costs = 'zero', rate = '1Gbps', startAt = '3s', host = {} }) {
  const net = createNetwork({ seed: 1, costs });
  const a = net.host('a', { addresses: ['10.0.0.1/24'], ...host });
  const b = net.host('b', { addresses: [`${SERVER}/24`], ...host });
  net.wire(a, b, { rate, delay: '1us' });
  const receiver = new CoreReceiver();
  b.spawn(receiver, { daemon: true });
  return async () => {
    await acquaint(net, a);
    // Times above 2^31 ns leave the small integers: garbage that hides below that shows here.
    await net.run({ until: startAt });
    a.spawn(new CoreSender(sizes, total));
    await net.run();
    await net.run();
    if (receiver.received !== total) throw new Error(`${receiver.received} of ${total} datagrams arrived`);
    return { net, receiver };
  };
}

/** The same with an awaiting receiver: one `await recvfrom` per datagram into its own buffer. */
export function awaitedRun({ sizes, total, costs = 'zero', rate = '1Gbps', startAt = '3s', host = {} }) {
  const net = createNetwork({ seed: 1, costs });
  const a = net.host('a', { addresses: ['10.0.0.1/24'], ...host });
  const b = net.host('b', { addresses: [`${SERVER}/24`], ...host });
  net.wire(a, b, { rate, delay: '1us' });
  let received = 0;
  b.spawn(
    async (sys) => {
      const fd = sys.socket(AF_INET, SOCK_DGRAM);
      sys.bind(fd, { address: '0.0.0.0', port: PORT });
      const buffer = new Uint8Array(2048);
      const from = new Uint8Array(16);
      for (;;) {
        await sys.recvfrom(fd, buffer, 0, from);
        if (++received % CREDIT === 0) sys.process.kernel.sendto(sys.process, fd, buffer, 0, 1, MSG_DONTWAIT, from, 16);
      }
    },
    { daemon: true },
  );
  return async () => {
    await acquaint(net, a);
    await net.run({ until: startAt });
    a.spawn(new CoreSender(sizes, total));
    await net.run();
    await net.run();
    if (received !== total) throw new Error(`${received} of ${total} datagrams arrived`);
    return { net };
  };
}
