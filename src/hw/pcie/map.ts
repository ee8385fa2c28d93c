/*
 * The physical address map outside RAM, fixed for every host. RAM lies below PCI_MMIO_BASE: an arena never
 * reaches 3 GiB. Addresses are int32 (so these are negative); `>>> 0` only to print or to compare.
 */

/** First byte of the window from which memory BARs are assigned. */
export const PCI_MMIO_BASE: number = 0xc0000000 | 0;
/** Bytes of the memory BAR window (512 MiB). */
export const PCI_MMIO_SIZE = 0x20000000;
/** First port of the window from which I/O BARs are assigned. */
export const PCI_IO_BASE = 0xc000;
/** Ports in the I/O window. */
export const PCI_IO_SIZE = 0x4000;
/** Enhanced configuration access (PCI Express): 4 KiB per function, 1 MiB per bus. */
export const ECAM_BASE: number = 0xe0000000 | 0;
/** Bytes of ECAM space: one bus. */
export const ECAM_SIZE = 0x100000;
/** Registers of the IO-APIC. */
export const IOAPIC_BASE: number = 0xfec00000 | 0;
/** Bytes of the IO-APIC's register page. */
export const IOAPIC_SIZE = 0x1000;
/** Local APIC registers as a CPU sees them, and the window of message-signalled interrupts as a device sees it. */
export const MSI_ADDRESS_BASE: number = 0xfee00000 | 0;
/** Bytes of the local APIC's register page. */
export const LAPIC_SIZE = 0x1000;

/** True when `addr` (int32) lies in the 1 MiB window 0xFEExxxxx whose writes are interrupt messages. */
export function isMsiAddress(addr: number): boolean {
  return addr >> 20 === MSI_ADDRESS_BASE >> 20;
}

/** Printable address: `0x` and eight hex digits. */
export function hexAddress(addr: number): string {
  return `0x${(addr >>> 0).toString(16).padStart(8, '0')}`;
}
