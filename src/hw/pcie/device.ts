import type { Arena, TraceRing } from '../../sim/index.js';
import type { PciError } from './aer.js';
import type { ConfigSpace } from './config-space.js';

/**
 * What a device implements. It reaches nothing but its {@link DevicePort}.
 * Register values are int32; offsets are bytes from the start of the BAR, 4-aligned.
 */
export interface PciDevice {
  readonly config: ConfigSpace;
  /** A 32-bit read of BAR `bar`; synchronous, and the side effects of the read happen now. */
  mmioRead(bar: number, offset: number): number;
  /** A 32-bit write of BAR `bar`. */
  mmioWrite(bar: number, offset: number, value: number): void;
  /** The end of the `dmaRead` with this tag: `ok` 1, or 0 when it was refused (nothing was copied). */
  dmaComplete(tag: number, ok: number): void;
  /** A timer made by `createTimer(op, a)` has expired. */
  timer(op: number, a: number): void;
  /**
   * Back to power-on state: hot reset, function-level reset, or the soft reset on leaving D3hot. Configuration space is
   * already back to its initial values, the INTx request is lowered and messages under way are gone; reads asked for
   * before still end in `dmaComplete`.
   */
  reset(): void;
  /** Configuration space of this function was written or reset; INTx and MSI have been dealt with. */
  configWritten?(): void;
}

/**
 * What a device may use, and nothing else. Addresses are two int32 words; `local` is an arena offset in device
 * memory (`localMemory`) or in a wire frame. Within one port, posted requests (DMA writes, MSI, INTx messages)
 * become visible in the order made; an MSI never overtakes a write before it, and the answer to a register read
 * never overtakes a posted request before it.
 */
export interface DevicePort {
  readonly hostId: number;
  /** `clock[0]` is now, in ns. */
  readonly clock: Float64Array;
  /** `at[0]` is the time argument of `armTimerAt`, in ns. */
  readonly at: Float64Array;
  readonly arena: Arena;
  readonly trace: TraceRing;

  /**
   * Reads `length` >= 0 bytes of host memory at hi:lo into device memory at `local`. `dmaComplete(tag, ok)` follows,
   * never inside this call. ok 0: bus mastering is off, or the address is not memory of this host (`hi` must be 0).
   */
  dmaRead(lo: number, hi: number, length: number, local: number, tag: number): void;
  /**
   * Writes `length` >= 0 bytes from `local` to host memory at hi:lo; posted, so a refusal is only counted.
   * `journey` != 0 tags the memory written.
   */
  dmaWrite(lo: number, hi: number, length: number, local: number, journey: number): void;
  /** A posted 32-bit write of `data` to hi:lo, after all earlier writes; dropped and counted while bus mastering is off. */
  msiWrite(lo: number, hi: number, data: number): void;
  /**
   * The device's own INTx request. Status.IntStatus follows it; Assert/Deassert messages follow it too unless
   * INTx Disable, MSI Enable or MSI-X Enable is set, or the function is not in D0.
   */
  intx(level: 0 | 1): void;

  /** The device detects an error: logged in its configuration space and, where enabled, sent to the root complex. */
  reportError(error: PciError): void;

  /** A persistent one-shot timer that ends in `timer(op, a)`; returns its id. */
  createTimer(op: number, a: number): number;
  /** (Re)arms a timer `delay_ns` (int32 >= 0) from now. */
  armTimer(timer: number, delay_ns: number): void;
  /** (Re)arms a timer for the absolute time in `at[0]`. */
  armTimerAt(timer: number): void;
  /** Stops a timer; harmless when it is not armed. */
  disarmTimer(timer: number): void;

  /** `bytes` of device memory that live as long as the device, 64-aligned; returns the arena offset. */
  localMemory(bytes: number): number;
}

/** Counts of what one function did over its port; named after the reason where something was refused. */
export interface PortCounters {
  dmaReads: number;
  dmaWrites: number;
  /** Messages sent: MSI and MSI-X writes. */
  msi: number;
  intxAsserts: number;
  intxDeasserts: number;
  /** DMA reads, DMA writes, MSI refused because Command.MASTER was 0. */
  dmaReadMasterOff: number;
  dmaWriteMasterOff: number;
  msiMasterOff: number;
  /** DMA or MSI to an address that is no memory of this host and no interrupt window. */
  unsupportedRequest: number;
  /** Register accesses refused because Command.MEMORY (or .IO) was 0 or the BAR had moved. */
  mmioReadRefused: number;
  mmioWriteRefused: number;
}

/** A zeroed {@link PortCounters}. */
export function newPortCounters(): PortCounters {
  return {
    dmaReads: 0,
    dmaWrites: 0,
    msi: 0,
    intxAsserts: 0,
    intxDeasserts: 0,
    dmaReadMasterOff: 0,
    dmaWriteMasterOff: 0,
    msiMasterOff: 0,
    unsupportedRequest: 0,
    mmioReadRefused: 0,
    mmioWriteRefused: 0,
  };
}

/** A port as the root complex sees it: the device's side and the upstream side. */
export interface EndpointPort extends DevicePort {
  readonly counters: PortCounters;
  /** Called once by `RootComplex.attach`. */
  attached(bdf: number): void;
  /** Delivers the posted requests still under way, in order: a read's completion may not pass them. */
  flushPosted(): void;
}

/** What gives a device its port: a {@link RootComplex}, or a test. */
export interface DevicePortFactory {
  createPort(device: PciDevice): DevicePort;
}
