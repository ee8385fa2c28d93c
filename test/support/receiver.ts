import {
  createNetwork,
  type Host,
  type HostOptions,
  type Network,
  type NetworkOptions,
  type PortOptions,
} from '../../src/host/index.js';
import { AF_INET, SOCK_DGRAM } from '../../src/uapi/index.js';
import type { RawPort } from '../../src/wire/index.js';
import { type End, udp4Frame } from './frames.js';
import { text } from './pair.js';

export const SENDER: End = { mac: '02:00:00:00:00:99', ip: '10.0.0.1', port: 4000 };
export const RECEIVER: End = { mac: '02:00:00:00:00:02', ip: '10.0.0.2', port: 7000 };

/** A host with a program that receives on UDP port 7000, and a raw port that feeds it. */
export class Receiver {
  readonly net: Network;
  readonly host: Host;
  readonly port: RawPort;
  /** Everything the program got. */
  readonly got: string[] = [];
  private sent: number = 0;

  constructor(host: HostOptions = {}, net: NetworkOptions = {}, port: PortOptions = {}) {
    this.net = createNetwork({ checked: true, ...net });
    this.host = this.net.host('b', { addresses: ['10.0.0.2/24'], mac: RECEIVER.mac, ...host });
    this.port = this.net.port(this.host, port);
    // Answers to the sender (ICMP errors) need no address resolution.
    this.host.inet.addNeighbour(this.host.nic.dev, SENDER.ip, SENDER.mac);
  }

  /** Starts the program and lets the link come up. */
  async ready(): Promise<this> {
    this.listen();
    await this.net.run();
    return this;
  }

  listen(): void {
    const { got } = this;
    this.host.spawn(
      async (sys) => {
        const fd = sys.socket(AF_INET, SOCK_DGRAM);
        sys.bind(fd, { address: '0.0.0.0', port: RECEIVER.port });
        for (;;) got.push(text((await sys.recvfrom(fd, 2048)).data));
      },
      { daemon: true },
    );
  }

  /** Sends `count` datagrams with consecutive numbers, 10 us apart. */
  play(count: number): void {
    const frames = Array.from({ length: count }, (_, i) => ({
      time_ns: i * 10_000,
      bytes: udp4Frame(SENDER, RECEIVER, `#${this.sent + i}`, this.sent + i),
    }));
    this.sent += count;
    this.port.play(frames);
  }

  /** {@link play}, then runs until nothing is left to happen (or `until`); how many datagrams the program got meanwhile. */
  async send(count: number, until?: number): Promise<number> {
    const before = this.got.length;
    this.play(count);
    await this.net.run(until === undefined ? {} : { until: this.net.now + until });
    return this.got.length - before;
  }

  /** Numbers of the datagrams sent so far. */
  all(): string[] {
    return Array.from({ length: this.sent }, (_, i) => `#${i}`);
  }
}
