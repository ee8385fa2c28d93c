/** Numbers of `include/linux/skbuff.h` and `include/linux/netdevice.h`. */

/** Headroom a driver leaves before received data: max(32, L1 line). */
export const NET_SKB_PAD = 64;
/** Bytes before the Ethernet header, so that the IP header is 4-byte aligned. */
export const NET_IP_ALIGN = 2;
/** Sizes that `truesize` charges besides the data: `sk_buff` and `skb_shared_info` on 64 bit. */
export const SKB_OBJECT_SIZE = 256;
export const SKB_SHARED_INFO_SIZE = 320;
/** Slab of small heads (`skbuff_small_head`), the least that `alloc_skb` charges for the data. */
export const SKB_SMALL_HEAD_SIZE = 576;
/** Greatest data area one skb can have (bytes), enough for a 64 KiB loopback packet with its headers. */
export const SKB_MAX_ALLOC = 131072;
/** Room that senders leave for link headers and tunnels (`MAX_HEADER` with LL_MAX_HEADER 128). */
export const MAX_HEADER = 128;

/** No checksum was verified. */
export const CHECKSUM_NONE = 0;
/** The device verified the transport checksum. */
export const CHECKSUM_UNNECESSARY = 1;
/** `skb.csum` is the sum of all bytes from `skb.data` on. */
export const CHECKSUM_COMPLETE = 2;
/** The sum from `csum_start` to the end is still to be stored at `csum_start + csum_offset`. */
export const CHECKSUM_PARTIAL = 3;

export const NET_RX_SUCCESS = 0;
export const NET_RX_DROP = 1;

/** Results of `dev_queue_xmit`: queued or sent, dropped by the queue, congestion. Negative: an errno. */
export const NET_XMIT_SUCCESS = 0;
export const NET_XMIT_DROP = 1;
export const NET_XMIT_CN = 2;

/** Results of `ndo_start_xmit`: the driver took the skb, or it could not (the caller keeps it). */
export const NETDEV_TX_OK = 0;
export const NETDEV_TX_BUSY = 16;

export const NETIF_F_SG: number = 1 << 0;
export const NETIF_F_IP_CSUM: number = 1 << 1;
export const NETIF_F_HW_CSUM: number = 1 << 3;
export const NETIF_F_IPV6_CSUM: number = 1 << 4;
export const NETIF_F_FRAGLIST: number = 1 << 6;
export const NETIF_F_RXCSUM: number = 1 << 8;
export const NETIF_F_LOOPBACK: number = 1 << 9;
/** Any of the features by which a device fills in a transport checksum. */
export const NETIF_F_CSUM_MASK: number = NETIF_F_IP_CSUM | NETIF_F_HW_CSUM | NETIF_F_IPV6_CSUM;

/** Events of the device notifier chain (`include/linux/netdevice.h`). */
export const NETDEV_UP = 1;
export const NETDEV_DOWN = 2;
export const NETDEV_CHANGE = 4;
export const NETDEV_REGISTER = 5;
export const NETDEV_UNREGISTER = 6;
export const NETDEV_CHANGEMTU = 7;
export const NETDEV_CHANGEADDR = 8;
export const NETDEV_GOING_DOWN = 9;

/** Softirq number of transmission, as `src/cpu` numbers it. */
export const NET_TX_SOFTIRQ_NR = 2;
/** Softirq number of reception. */
export const NET_RX_SOFTIRQ_NR = 3;
/** Packets one run of a queue discipline may send (`net.core.dev_weight`). */
export const DEV_TX_WEIGHT = 64;
/** Default length of a device's transmit queue (packets). */
export const DEFAULT_TX_QUEUE_LEN = 1000;
