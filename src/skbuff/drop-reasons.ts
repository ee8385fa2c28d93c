/**
 * Drop reasons. The first part has the names of `enum skb_drop_reason` (Linux 6.12, include/net/dropreason-core.h);
 * the numbers are ours, as they are private to a kernel build too. The second part (NIC_*, WIRE_*) is ours: frames that
 * die before an `sk_buff` exists.
 */

/** Not dropped: the value of a reason variable before a verdict. */
export const SKB_NOT_DROPPED_YET = 0;
/** Freed after use, not a drop. */
export const SKB_CONSUMED = 1;
export const SKB_DROP_REASON_NOT_SPECIFIED = 2;
export const SKB_DROP_REASON_NO_SOCKET = 3;
export const SKB_DROP_REASON_PKT_TOO_SMALL = 4;
export const SKB_DROP_REASON_TCP_CSUM = 5;
export const SKB_DROP_REASON_SOCKET_FILTER = 6;
export const SKB_DROP_REASON_UDP_CSUM = 7;
export const SKB_DROP_REASON_NETFILTER_DROP = 8;
export const SKB_DROP_REASON_OTHERHOST = 9;
export const SKB_DROP_REASON_IP_CSUM = 10;
export const SKB_DROP_REASON_IP_INHDR = 11;
export const SKB_DROP_REASON_IP_RPFILTER = 12;
export const SKB_DROP_REASON_UNICAST_IN_L2_MULTICAST = 13;
export const SKB_DROP_REASON_XFRM_POLICY = 14;
export const SKB_DROP_REASON_IP_NOPROTO = 15;
export const SKB_DROP_REASON_SOCKET_RCVBUFF = 16;
export const SKB_DROP_REASON_PROTO_MEM = 17;
export const SKB_DROP_REASON_TCP_AUTH_HDR = 18;
export const SKB_DROP_REASON_TCP_MD5NOTFOUND = 19;
export const SKB_DROP_REASON_TCP_MD5UNEXPECTED = 20;
export const SKB_DROP_REASON_TCP_MD5FAILURE = 21;
export const SKB_DROP_REASON_TCP_AONOTFOUND = 22;
export const SKB_DROP_REASON_TCP_AOUNEXPECTED = 23;
export const SKB_DROP_REASON_TCP_AOKEYNOTFOUND = 24;
export const SKB_DROP_REASON_TCP_AOFAILURE = 25;
export const SKB_DROP_REASON_SOCKET_BACKLOG = 26;
export const SKB_DROP_REASON_TCP_FLAGS = 27;
export const SKB_DROP_REASON_TCP_ZEROWINDOW = 28;
export const SKB_DROP_REASON_TCP_OLD_DATA = 29;
export const SKB_DROP_REASON_TCP_OVERWINDOW = 30;
export const SKB_DROP_REASON_TCP_OFOMERGE = 31;
export const SKB_DROP_REASON_TCP_RFC7323_PAWS = 32;
export const SKB_DROP_REASON_TCP_OLD_SEQUENCE = 33;
export const SKB_DROP_REASON_TCP_INVALID_SEQUENCE = 34;
export const SKB_DROP_REASON_TCP_RESET = 35;
export const SKB_DROP_REASON_TCP_INVALID_SYN = 36;
export const SKB_DROP_REASON_TCP_CLOSE = 37;
export const SKB_DROP_REASON_TCP_FASTOPEN = 38;
export const SKB_DROP_REASON_TCP_OLD_ACK = 39;
export const SKB_DROP_REASON_TCP_TOO_OLD_ACK = 40;
export const SKB_DROP_REASON_TCP_ACK_UNSENT_DATA = 41;
export const SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE = 42;
export const SKB_DROP_REASON_TCP_OFO_DROP = 43;
export const SKB_DROP_REASON_IP_OUTNOROUTES = 44;
export const SKB_DROP_REASON_BPF_CGROUP_EGRESS = 45;
export const SKB_DROP_REASON_IPV6DISABLED = 46;
export const SKB_DROP_REASON_NEIGH_CREATEFAIL = 47;
export const SKB_DROP_REASON_NEIGH_FAILED = 48;
export const SKB_DROP_REASON_NEIGH_QUEUEFULL = 49;
export const SKB_DROP_REASON_NEIGH_DEAD = 50;
export const SKB_DROP_REASON_TC_EGRESS = 51;
export const SKB_DROP_REASON_QDISC_DROP = 52;
export const SKB_DROP_REASON_CPU_BACKLOG = 53;
export const SKB_DROP_REASON_XDP = 54;
export const SKB_DROP_REASON_TC_INGRESS = 55;
export const SKB_DROP_REASON_UNHANDLED_PROTO = 56;
export const SKB_DROP_REASON_SKB_CSUM = 57;
export const SKB_DROP_REASON_SKB_GSO_SEG = 58;
export const SKB_DROP_REASON_SKB_UCOPY_FAULT = 59;
export const SKB_DROP_REASON_DEV_HDR = 60;
export const SKB_DROP_REASON_DEV_READY = 61;
export const SKB_DROP_REASON_FULL_RING = 62;
export const SKB_DROP_REASON_NOMEM = 63;
export const SKB_DROP_REASON_HDR_TRUNC = 64;
export const SKB_DROP_REASON_TAP_FILTER = 65;
export const SKB_DROP_REASON_TAP_TXFILTER = 66;
export const SKB_DROP_REASON_ICMP_CSUM = 67;
export const SKB_DROP_REASON_INVALID_PROTO = 68;
export const SKB_DROP_REASON_IP_INADDRERRORS = 69;
export const SKB_DROP_REASON_IP_INNOROUTES = 70;
export const SKB_DROP_REASON_PKT_TOO_BIG = 71;
export const SKB_DROP_REASON_DUP_FRAG = 72;
export const SKB_DROP_REASON_FRAG_REASM_TIMEOUT = 73;
export const SKB_DROP_REASON_FRAG_TOO_FAR = 74;
export const SKB_DROP_REASON_TCP_MINTTL = 75;
export const SKB_DROP_REASON_IPV6_BAD_EXTHDR = 76;
export const SKB_DROP_REASON_IPV6_NDISC_FRAG = 77;
export const SKB_DROP_REASON_IPV6_NDISC_HOP_LIMIT = 78;
export const SKB_DROP_REASON_IPV6_NDISC_BAD_CODE = 79;
export const SKB_DROP_REASON_IPV6_NDISC_BAD_OPTIONS = 80;
export const SKB_DROP_REASON_IPV6_NDISC_NS_OTHERHOST = 81;
export const SKB_DROP_REASON_QUEUE_PURGE = 82;
export const SKB_DROP_REASON_TC_COOKIE_ERROR = 83;
export const SKB_DROP_REASON_PACKET_SOCK_ERROR = 84;
export const SKB_DROP_REASON_TC_CHAIN_NOTFOUND = 85;
export const SKB_DROP_REASON_TC_RECLASSIFY_LOOP = 86;

// Frames that die in the NIC or on the wire.
export const NIC_MISSED = 87;
export const NIC_NO_BUFFER = 88;
export const NIC_CRC_ERROR = 89;
export const NIC_LENGTH_ERROR = 90;
export const NIC_RX_ERROR = 91;
export const NIC_FILTER = 92;
export const NIC_RX_DISABLED = 93;
export const NIC_LINK_DOWN = 94;
export const NIC_DMA_ABORT = 95;
export const NIC_TX_ABORT = 96;
export const WIRE_FAULT = 97;
export const WIRE_QUEUE_FULL = 98;
export const WIRE_LINK_DOWN = 99;
export const WIRE_NO_STATION = 100;

/** Number of reasons; every reason is below it. */
export const DROP_REASON_MAX = 101;

/** Name of each reason, without the prefix `SKB_DROP_REASON_`, as the kernel prints them. */
export const DROP_REASON_NAMES: readonly string[] = [
  'NOT_DROPPED_YET',
  'CONSUMED',
  'NOT_SPECIFIED',
  'NO_SOCKET',
  'PKT_TOO_SMALL',
  'TCP_CSUM',
  'SOCKET_FILTER',
  'UDP_CSUM',
  'NETFILTER_DROP',
  'OTHERHOST',
  'IP_CSUM',
  'IP_INHDR',
  'IP_RPFILTER',
  'UNICAST_IN_L2_MULTICAST',
  'XFRM_POLICY',
  'IP_NOPROTO',
  'SOCKET_RCVBUFF',
  'PROTO_MEM',
  'TCP_AUTH_HDR',
  'TCP_MD5NOTFOUND',
  'TCP_MD5UNEXPECTED',
  'TCP_MD5FAILURE',
  'TCP_AONOTFOUND',
  'TCP_AOUNEXPECTED',
  'TCP_AOKEYNOTFOUND',
  'TCP_AOFAILURE',
  'SOCKET_BACKLOG',
  'TCP_FLAGS',
  'TCP_ZEROWINDOW',
  'TCP_OLD_DATA',
  'TCP_OVERWINDOW',
  'TCP_OFOMERGE',
  'TCP_RFC7323_PAWS',
  'TCP_OLD_SEQUENCE',
  'TCP_INVALID_SEQUENCE',
  'TCP_RESET',
  'TCP_INVALID_SYN',
  'TCP_CLOSE',
  'TCP_FASTOPEN',
  'TCP_OLD_ACK',
  'TCP_TOO_OLD_ACK',
  'TCP_ACK_UNSENT_DATA',
  'TCP_OFO_QUEUE_PRUNE',
  'TCP_OFO_DROP',
  'IP_OUTNOROUTES',
  'BPF_CGROUP_EGRESS',
  'IPV6DISABLED',
  'NEIGH_CREATEFAIL',
  'NEIGH_FAILED',
  'NEIGH_QUEUEFULL',
  'NEIGH_DEAD',
  'TC_EGRESS',
  'QDISC_DROP',
  'CPU_BACKLOG',
  'XDP',
  'TC_INGRESS',
  'UNHANDLED_PROTO',
  'SKB_CSUM',
  'SKB_GSO_SEG',
  'SKB_UCOPY_FAULT',
  'DEV_HDR',
  'DEV_READY',
  'FULL_RING',
  'NOMEM',
  'HDR_TRUNC',
  'TAP_FILTER',
  'TAP_TXFILTER',
  'ICMP_CSUM',
  'INVALID_PROTO',
  'IP_INADDRERRORS',
  'IP_INNOROUTES',
  'PKT_TOO_BIG',
  'DUP_FRAG',
  'FRAG_REASM_TIMEOUT',
  'FRAG_TOO_FAR',
  'TCP_MINTTL',
  'IPV6_BAD_EXTHDR',
  'IPV6_NDISC_FRAG',
  'IPV6_NDISC_HOP_LIMIT',
  'IPV6_NDISC_BAD_CODE',
  'IPV6_NDISC_BAD_OPTIONS',
  'IPV6_NDISC_NS_OTHERHOST',
  'QUEUE_PURGE',
  'TC_COOKIE_ERROR',
  'PACKET_SOCK_ERROR',
  'TC_CHAIN_NOTFOUND',
  'TC_RECLASSIFY_LOOP',
  'NIC_MISSED',
  'NIC_NO_BUFFER',
  'NIC_CRC_ERROR',
  'NIC_LENGTH_ERROR',
  'NIC_RX_ERROR',
  'NIC_FILTER',
  'NIC_RX_DISABLED',
  'NIC_LINK_DOWN',
  'NIC_DMA_ABORT',
  'NIC_TX_ABORT',
  'WIRE_FAULT',
  'WIRE_QUEUE_FULL',
  'WIRE_LINK_DOWN',
  'WIRE_NO_STATION',
];

/** The printable name of a reason; a number outside the table gives `UNKNOWN(n)`. */
export function drop_reason_name(reason: number): string {
  return DROP_REASON_NAMES[reason] ?? `UNKNOWN(${reason})`;
}
