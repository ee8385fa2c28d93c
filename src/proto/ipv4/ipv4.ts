import type { NetDevice, PacketHandler, SkBuff } from '../../skbuff/index.js';
import type { LinkFailure } from '../arp/index.js';
import { ICMP_DEST_UNREACH, ICMP_HOST_UNREACH } from './icmp-header.js';
import { icmp_send } from './icmp-send.js';
import { ip_rcv } from './input.js';
import type { Ipv4 } from './state.js';

/** IPv4 as the packet-type registry and ARP see it. */
export class Ipv4Handler implements PacketHandler, LinkFailure {
  readonly ip: Ipv4;

  constructor(ip: Ipv4) {
    this.ip = ip;
  }

  rcv(skb: SkBuff, dev: NetDevice): number {
    return ip_rcv(this.ip, skb, dev);
  }

  /** `ipv4_link_failure`: nobody answers ARP; the sender (this host) hears a host unreachable. */
  link_failure(skb: SkBuff): void {
    skb.network_header = skb.data;
    icmp_send(this.ip, skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
  }
}
