/** Settings of a host's stack, with the defaults of Linux 6.12 (Documentation/networking/ip-sysctl.rst, /proc/sys/net). */
export class Sysctl {
  /** net.core */
  rmem_default: number = 212992;
  wmem_default: number = 212992;
  rmem_max: number = 212992;
  wmem_max: number = 212992;
  netdev_max_backlog: number = 1000;
  dev_weight: number = 64;
  /** net.ipv4 */
  ip_forward: number = 0;
  ip_default_ttl: number = 64;
  ip_no_pmtu_disc: number = 0;
  ip_local_port_range_min: number = 32768;
  ip_local_port_range_max: number = 60999;
  ip_nonlocal_bind: number = 0;
  /** Seconds until an unfinished IPv4 datagram is given up, bytes at which new ones are refused, reordering allowed. */
  ipfrag_time: number = 30;
  ipfrag_high_thresh: number = 4194304;
  ipfrag_low_thresh: number = 3145728;
  ipfrag_max_dist: number = 64;
  icmp_echo_ignore_all: number = 0;
  icmp_echo_ignore_broadcasts: number = 1;
  /** ms between ICMP messages to one target; messages per second and burst of the host. */
  icmp_ratelimit: number = 1000;
  icmp_msgs_per_sec: number = 1000;
  icmp_msgs_burst: number = 50;
  udp_rmem_min: number = 4096;
  udp_wmem_min: number = 4096;
  arp_ignore: number = 0;
  arp_announce: number = 0;
  rp_filter: number = 0;
  /** net.ipv6 */
  ipv6_hop_limit: number = 64;
  ipv6_forwarding: number = 0;
  ip6frag_time: number = 60;
  ip6frag_high_thresh: number = 4194304;
  ip6frag_low_thresh: number = 3145728;
  bindv6only: number = 0;
  dad_transmits: number = 1;
}
