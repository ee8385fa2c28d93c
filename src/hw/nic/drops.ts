import { TP } from '../../sim/index.js';
import type { NicParts } from './parts.js';

/*
 * Why a frame ended in the NIC. The values index `Nic82574.drops`; the names are shared with the drop reasons of a host.
 */

/** The receive FIFO had no room: counted in MPC. */
export const NIC_MISSED = 0;
/** The frame check sequence was wrong and RCTL.SBP clear. */
export const NIC_CRC_ERROR = 1;
/** Longer than the receiver allows (ROC, RJC), or too short to have an Ethernet header (RUC, RFC). */
export const NIC_LENGTH_ERROR = 2;
/** No filter let it pass (addresses, VLAN), or it is a MAC control frame that the MAC keeps. */
export const NIC_FILTER = 3;
/** RCTL.EN was clear, or a reset emptied the receive FIFO. */
export const NIC_RX_DISABLED = 4;
/** The PHY had no link when the frame came. */
export const NIC_LINK_DOWN = 5;
/** The data of a frame to send could not be read from host memory. */
export const NIC_DMA_ABORT = 6;
/** Transmit descriptors that are malformed, or frames that a new ring or a reset has caught on chip: see {@link TxErrors}. */
export const NIC_TX_ABORT = 7;
/** Number of reasons. */
export const NIC_DROP_COUNT = 8;

/** Names by value. */
export const NIC_DROP_NAMES: readonly string[] = [
  'NIC_MISSED',
  'NIC_CRC_ERROR',
  'NIC_LENGTH_ERROR',
  'NIC_FILTER',
  'NIC_RX_DISABLED',
  'NIC_LINK_DOWN',
  'NIC_DMA_ABORT',
  'NIC_TX_ABORT',
];

/** A frame ends here: counted, traced, given back. */
export function dropFrame(parts: NicParts, frame: number, reason: number): void {
  parts.drops[reason]++;
  const { port, pool } = parts;
  if (port.trace.on) {
    port.trace.put(TP.NIC_DROP, port.hostId << 8, pool.journey[frame], pool.len(frame), reason, 0);
  }
  pool.unref(frame);
}

/** What NIC_TX_ABORT was, in more detail: the sum of these. */
export interface TxErrors {
  /** TSE set, and the context in force does not fit: no or too large MSS or HDRLEN, data that is not HDRLEN + PAYLEN bytes. */
  segmentation: number;
  /** No data, or more than the transmit FIFO or the chip's longest frame allows. */
  length: number;
  /** No end of packet within a whole descriptor cache. */
  noEndOfPacket: number;
  /** A descriptor type that does not exist, or types mixed within one packet. */
  descriptorType: number;
  /** On chip when a base, length or head register was written or the chip was reset; its descriptors did not complete. */
  ring: number;
  /** Waited for the line (flow control) when the chip was reset; its descriptors had completed. */
  reset: number;
}

/** A zeroed {@link TxErrors}. */
export function newTxErrors(): TxErrors {
  return { segmentation: 0, length: 0, noEndOfPacket: 0, descriptorType: 0, ring: 0, reset: 0 };
}
