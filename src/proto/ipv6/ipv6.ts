import type { NetDevice, PacketHandler, SkBuff } from '../../skbuff/index.js';
import { ipv6_rcv } from './input.js';
import type { Ipv6 } from './state.js';

/** IPv6 as the packet-type registry sees it. */
export class Ipv6Handler implements PacketHandler {
  readonly ip6: Ipv6;

  constructor(ip6: Ipv6) {
    this.ip6 = ip6;
  }

  rcv(skb: SkBuff, dev: NetDevice): number {
    return ipv6_rcv(this.ip6, skb, dev);
  }
}
