/**
 * The lines of a cost table, in the order of a packet's way. Each is the CPU cycles one such step takes, except `wake_remote`, which is
 * the delay until an idle CPU that another one woke starts to run.
 */
export const costLines = [
  'irq_entry',
  'mmio_read',
  'mmio_write',
  'softirq_entry',
  'napi_poll',
  'napi_complete',
  'rx_packet',
  'rx_drop',
  'tx_packet',
  'tx_clean',
  'syscall',
  'recv',
  'send',
  'copy_per_kib',
  'wakeup',
  'switch',
  'wake_remote',
  'timer',
  'ksoftirqd',
] as const;

/** Name of a line of a cost table. */
export type CostLine = (typeof costLines)[number];

/** A cost table as the CPU reads it: whole cycles per line (0 .. 2^31-1). A cycle lasts `num`/`den` ns. */
export interface Costs {
  readonly name: string;
  /** A cycle is num/den ns: 1/3 at 3 GHz. */
  readonly num: number;
  readonly den: number;
  /** Hard interrupt entry and exit, without MMIO. */
  readonly irq_entry: number;
  /** A register read: the CPU waits for its completion. */
  readonly mmio_read: number;
  /** A posted register write. */
  readonly mmio_write: number;
  /** Softirq entry and exit, once per run of the pass loop. */
  readonly softirq_entry: number;
  /** Fixed cost of one NAPI poll. */
  readonly napi_poll: number;
  /** Completing a NAPI instance and unmasking, without MMIO. */
  readonly napi_complete: number;
  /** A received packet from descriptor to socket queue. */
  readonly rx_packet: number;
  /** A received packet dropped at the end of that way. */
  readonly rx_drop: number;
  /** A sent packet from socket to descriptor. */
  readonly tx_packet: number;
  /** Cleaning one sent packet. */
  readonly tx_clean: number;
  /** System call entry and exit. */
  readonly syscall: number;
  /** Body of a receive call, without entry/exit and copy. */
  readonly recv: number;
  /** Body of a send call, without entry/exit, copy and `tx_packet`. */
  readonly send: number;
  /** Copying 1024 bytes between kernel and user. */
  readonly copy_per_kib: number;
  /** Waking a task, paid by the waker. */
  readonly wakeup: number;
  /** Context switch to another task. */
  readonly switch: number;
  /** Delay (cycles of the woken CPU) until an idle CPU woken by another one runs. */
  readonly wake_remote: number;
  /** One expired kernel timer's dispatch. */
  readonly timer: number;
  /** A round of ksoftirqd, besides the switch to it. */
  readonly ksoftirqd: number;
  /** Where each line's number comes from. */
  readonly source: Readonly<Record<CostLine, string>>;
}
