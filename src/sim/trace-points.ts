/** The single registry of trace points: id, name and the meaning of the three free arguments. Add at the end only. */

/** One kind of trace record. */
export interface TracePoint {
  readonly id: number;
  readonly name: string;
  /** Names of the arguments a, b, c; '' where one is unused. */
  readonly args: readonly [string, string, string];
}

/** Ids of the trace points. */
export const TP = {
  WIRE_TX: 1,
  WIRE_RX: 2,
  WIRE_DROP: 3,
  MAC_FIFO: 4,
  DMA_READ: 5,
  DMA_WRITE: 6,
  DESC_WRITEBACK: 7,
  MSI: 8,
  INTX: 9,
  IOAPIC: 10,
  VECTOR: 11,
  HARDIRQ: 12,
  SOFTIRQ: 13,
  NAPI_SCHEDULE: 14,
  NAPI_POLL: 15,
  NAPI_COMPLETE: 16,
  SKB_ALLOC: 17,
  SKB_FREE: 18,
  SKB_DROP: 19,
  NETIF_RECEIVE: 20,
  IP_RCV: 21,
  IP_LOCAL: 22,
  IP_OUT: 23,
  FRAG_QUEUE: 24,
  ICMP: 25,
  UDP_RCV: 26,
  SOCK_QUEUE: 27,
  WAKEUP: 28,
  SYSCALL_ENTER: 29,
  SYSCALL_EXIT: 30,
  RECVFROM: 31,
  SENDTO: 32,
  XMIT: 33,
  QDISC: 34,
  TX_CLEAN: 35,
  BLOCK_START: 36,
  BLOCK_END: 37,
  MMIO_READ: 38,
  MMIO_WRITE: 39,
  TIMER: 40,
  ARP: 41,
  NDISC: 42,
  PROCESS: 43,
  NIC_DROP: 44,
} as const;

const ARGS: Record<keyof typeof TP, readonly [string, string, string]> = {
  WIRE_TX: ['frame', 'length', 'direction'],
  WIRE_RX: ['frame', 'length', 'direction'],
  WIRE_DROP: ['frame', 'length', 'reason'],
  MAC_FIFO: ['length', 'bytes_queued', ''],
  DMA_READ: ['address', 'length', 'tag'],
  DMA_WRITE: ['address', 'length', ''],
  DESC_WRITEBACK: ['ring', 'index', 'status'],
  MSI: ['address', 'data', ''],
  INTX: ['pin', 'level', ''],
  IOAPIC: ['gsi', 'vector', ''],
  VECTOR: ['vector', '', ''],
  HARDIRQ: ['irq', 'result', ''],
  SOFTIRQ: ['nr', '', ''],
  NAPI_SCHEDULE: ['napi', '', ''],
  NAPI_POLL: ['napi', 'work', 'budget'],
  NAPI_COMPLETE: ['napi', 'work', ''],
  SKB_ALLOC: ['skb', 'size', ''],
  SKB_FREE: ['skb', '', ''],
  SKB_DROP: ['skb', 'reason', ''],
  NETIF_RECEIVE: ['skb', 'protocol', 'length'],
  IP_RCV: ['skb', 'version', 'length'],
  IP_LOCAL: ['skb', 'protocol', 'length'],
  IP_OUT: ['skb', 'protocol', 'length'],
  FRAG_QUEUE: ['skb', 'offset', 'length'],
  ICMP: ['type', 'code', ''],
  UDP_RCV: ['skb', 'port', 'length'],
  SOCK_QUEUE: ['skb', 'queued', ''],
  WAKEUP: ['pid', '', ''],
  SYSCALL_ENTER: ['pid', 'nr', 'fd'],
  SYSCALL_EXIT: ['pid', 'nr', 'result'],
  RECVFROM: ['pid', 'fd', 'length'],
  SENDTO: ['pid', 'fd', 'length'],
  XMIT: ['skb', 'length', ''],
  QDISC: ['skb', 'queued', ''],
  TX_CLEAN: ['skb', 'index', ''],
  BLOCK_START: ['context', 'what', ''],
  BLOCK_END: ['context', 'cycles', ''],
  MMIO_READ: ['offset', 'value', ''],
  MMIO_WRITE: ['offset', 'value', ''],
  TIMER: ['timer', '', ''],
  ARP: ['operation', 'address', ''],
  NDISC: ['type', '', ''],
  PROCESS: ['pid', 'event', ''],
  NIC_DROP: ['length', 'reason', ''],
};

/** Every trace point by id (index = id; index 0 is empty). */
export const TRACE_POINTS: readonly TracePoint[] = (Object.keys(TP) as (keyof typeof TP)[]).reduce<TracePoint[]>(
  (list, name) => {
    list[TP[name]] = { id: TP[name], name, args: ARGS[name] };
    return list;
  },
  [{ id: 0, name: '', args: ['', '', ''] }],
);
