import {
  type ConfigSpace,
  type DevicePort,
  MSI_ADDRESS_BASE,
  PCI_CAP_ID_MSI,
  PCI_MSI_ADDRESS_HI,
  PCI_MSI_ADDRESS_LO,
  PCI_MSI_DATA_32,
  PCI_MSI_DATA_64,
  PCI_MSI_FLAGS,
  PCI_MSI_FLAGS_64BIT,
  PCI_MSI_FLAGS_ENABLE,
  PCI_MSI_FLAGS_MASKBIT,
  PCI_MSI_FLAGS_QSIZE,
  PCI_MSI_MASK_32,
  PCI_MSI_MASK_64,
  PcieError,
} from '../pcie/index.js';

/** What an MSI capability offers. */
export interface MsiFields {
  /** Vectors the function asks for: 1, 2, 4, 8, 16 or 32 (default 1). */
  vectors?: number;
  /** 64-bit message address (default true). */
  is64?: boolean;
  /** Per-vector masking: Mask Bits and Pending Bits registers (default false). */
  masking?: boolean;
}

/**
 * MSI capability at `offset`: 14 bytes with a 64-bit address, 10 without; with per-vector masking 24 and 20. A masked
 * vector remembers one message in its pending bit; unmasking sends it.
 * @throws PcieError CONFIG_LAYOUT
 */
export function addMsi(config: ConfigSpace, offset: number, fields: MsiFields = {}): void {
  const vectors = fields.vectors ?? 1;
  const order = 31 - Math.clz32(vectors);
  if (vectors < 1 || vectors > 32 || vectors !== 1 << order) {
    throw new PcieError('CONFIG_LAYOUT', `an MSI capability cannot offer ${vectors} vectors`);
  }
  const is64 = fields.is64 ?? true;
  config.addCapability(offset, PCI_CAP_ID_MSI);
  const masking = fields.masking === true;
  const flags = (order << 1) | (is64 ? PCI_MSI_FLAGS_64BIT : 0) | (masking ? PCI_MSI_FLAGS_MASKBIT : 0);
  config.define(offset + PCI_MSI_FLAGS, 2, flags, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
  config.define(offset + PCI_MSI_ADDRESS_LO, 4, 0, ~3);
  if (is64) config.define(offset + PCI_MSI_ADDRESS_HI, 4, 0, -1);
  config.define(offset + (is64 ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), 2, 0, 0xffff);
  if (!masking) return;
  const mask = offset + (is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
  config.define(mask, 4, 0, vectors === 32 ? -1 : (1 << vectors) - 1);
  config.define(mask + 4, 4, 0);
}

/** Vectors software has granted: the smaller of what it enabled and what the function offers. */
export function msiVectors(config: ConfigSpace): number {
  return config.msiVectorMask + 1;
}

/**
 * The device signals its vector number `vector` (0..31): a posted write of the message, with the vector in the low bits
 * of the data. With fewer vectors granted than asked for, vectors share: the number is taken modulo the granted count.
 * @returns false when nothing is sent: MSI is not enabled, or the vector is masked and is pending now
 */
export function sendMsi(port: DevicePort, config: ConfigSpace, vector = 0): boolean {
  if (!config.msiEnabled) return false;
  const low = config.msiVectorMask;
  if (config.msiMask !== 0 && heldBack(config, vector & low)) return false;
  port.msiWrite(config.msiAddressLo, config.msiAddressHi, (config.msiData & ~low) | (vector & low));
  return true;
}

/** Whether a vector is masked; then it is pending now. */
function heldBack(config: ConfigSpace, vector: number): boolean {
  if (((config.msiMask >>> vector) & 1) === 0) return false;
  config.setMsiPending(config.msiPending | (1 << vector));
  return true;
}

/** The interrupt was dealt with while its vector was masked: the message is no longer owed. */
export function clearMsiPending(config: ConfigSpace, vector = 0): void {
  const bit = 1 << (vector & config.msiVectorMask);
  if ((config.msiPending & bit) !== 0) config.setMsiPending(config.msiPending & ~bit);
}

/** Message address (int32) that reaches the local APIC with this physical id (Intel SDM vol. 3A, 10.12.1). */
export function msiAddress(apicId: number): number {
  return MSI_ADDRESS_BASE | ((apicId & 0xff) << 12);
}

/** Message data for `vector` (16..255): fixed delivery, edge. */
export function msiData(vector: number): number {
  return vector & 0xff;
}
