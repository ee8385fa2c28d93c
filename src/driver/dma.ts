import { TAG_SHIFT } from '../sim/index.js';
import { type SkBuff, skb_headlen } from '../skbuff/index.js';
import { EIO, ENOMEM } from '../uapi/index.js';
import { DriverError } from './errors.js';
import type { PciDev } from './pci/index.js';

/** Directions of a mapping (enum dma_data_direction). */
export const DMA_BIDIRECTIONAL = 0;
export const DMA_TO_DEVICE = 1;
export const DMA_FROM_DEVICE = 2;

/** What `dma_map_single` returns when it could not map. */
export const DMA_MAPPING_ERROR = -1;

const PAGE_SIZE = 4096;
/** All memory of a machine lies below 2 GiB. */
const ADDRESS_BITS = 31;

/**
 * `dma_alloc_coherent`: `size` bytes (1 to 2^31) of zeroed memory that driver and device both see, aligned to a page and, up to
 * 64 KiB, to the next power of two above `size`. The one number returned is the CPU's address and the device's; 0 when the
 * machine has no memory left. The driver reaches the bytes through `pdev.core.rc.memory.arena`.
 */
export function dma_alloc_coherent(pdev: PciDev, size: number): number {
  const { memory } = pdev.core.rc;
  const addr = memory.alloc(size, PAGE_SIZE);
  if (addr === 0) return 0;
  memory.arena.u8.fill(0, addr, addr + size);
  pdev.dma_count++;
  return addr;
}

/** `dma_free_coherent`: gives back what `dma_alloc_coherent(pdev, size)` returned. MemoryError for anything else. */
export function dma_free_coherent(pdev: PciDev, size: number, addr: number): void {
  pdev.core.rc.memory.free(addr, size, PAGE_SIZE);
  pdev.dma_count--;
}

/**
 * `dma_map_single`: lends `size` bytes at `addr` to the device until `dma_unmap_single`; returns the address to tell it, which is
 * the same: there is no IOMMU, and no cache that would have to be written back. DriverError DMA_RANGE when the bytes are not
 * this machine's memory, where a kernel would let the device write over something else.
 */
export function dma_map_single(pdev: PciDev, addr: number, size: number, _dir: number): number {
  if (!(size > 0) || !pdev.core.rc.memory.owns(addr, size)) {
    throw new DriverError('DMA_RANGE', `${pdev.name}: ${size} bytes at 0x${hex(addr)} are not memory of this machine`);
  }
  pdev.dma_count++;
  return addr;
}

/** `dma_unmap_single`: the device must not touch the bytes any more. */
export function dma_unmap_single(pdev: PciDev, _addr: number, _size: number, _dir: number): void {
  pdev.dma_count--;
}

/**
 * `skb_dma_map`: lends the data of a linear packet to the device, and marks the memory with the packet's journey, so that a trace
 * follows it onto the wire. DMA_TO_DEVICE for a packet to send.
 */
export function skb_dma_map(pdev: PciDev, skb: SkBuff, dir: number): number {
  const addr = dma_map_single(pdev, skb.data, skb_headlen(skb), dir);
  pdev.core.rc.memory.arena.tags[addr >>> TAG_SHIFT] = skb.journey;
  return addr;
}

/** `skb_dma_unmap`: the device has sent it. */
export function skb_dma_unmap(pdev: PciDev, skb: SkBuff, dir: number): void {
  dma_unmap_single(pdev, skb.data, skb_headlen(skb), dir);
}

/** `dma_mapping_error`: 0, or -ENOMEM when mapping failed. */
export function dma_mapping_error(_pdev: PciDev, addr: number): number {
  return addr === DMA_MAPPING_ERROR ? -ENOMEM : 0;
}

/**
 * `dma_sync_single_for_cpu`: the driver is about to look at a buffer the device still has. Nothing to do on a machine whose
 * caches follow DMA, as x86; a driver that calls it also runs where they do not.
 */
export function dma_sync_single_for_cpu(_pdev: PciDev, _addr: number, _size: number, _dir: number): void {}

/** `dma_sync_single_for_device`: the driver has looked, the device may go on. Nothing to do here, see `dma_sync_single_for_cpu`. */
export function dma_sync_single_for_device(_pdev: PciDev, _addr: number, _size: number, _dir: number): void {}

/** `dma_set_mask_and_coherent(pdev, DMA_BIT_MASK(bits))`: 0, or -EIO when the device cannot reach all memory with `bits` bits. */
export function dma_set_mask_and_coherent(_pdev: PciDev, bits: number): number {
  return bits >= ADDRESS_BITS ? 0 : -EIO;
}

function hex(n: number): string {
  return (n >>> 0).toString(16);
}
