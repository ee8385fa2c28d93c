import { PcapError } from './error.js';

/** A packet to write. */
export interface PacketInput {
  /** Number of the interface, as `addInterface` returned it; default 0. */
  interface?: number;
  /** Whole seconds since the epoch; `...timestamp(ns)` gives both. */
  seconds: number;
  /** 0..999999999. */
  nanoseconds: number;
  data: Uint8Array;
  /** Length on the line; default that of `data`. */
  originalLength?: number;
  /** opt_comment options (pcapng only). */
  comments?: readonly string[];
  /** Direction bits of epb_flags (pcapng only). */
  direction?: 'inbound' | 'outbound';
  /** Other bits of epb_flags, unsigned 32 bits (pcapng only). */
  flags?: number;
}

/** Throws {@link PcapError} PCAP_ARGUMENT unless `value` is an integer from 0 to `max`. */
export function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new PcapError('PCAP_ARGUMENT', -1, `${name} is a whole number from 0 to ${max}, not ${value}`);
  }
}
