/** The hardware: host memory, PCI Express, MSI, interrupt controllers, and the 82574L. */
export * from './ioapic/index.js';
export * from './memory/index.js';
export * from './msi/index.js';
export {
  ABLE_PARTNER,
  createNvm,
  type LinkPartner,
  NIC_DROP_NAMES,
  Nic82574,
  type Nic82574Options,
  type NvmKind,
  nvmChecksum,
  REGISTER_GROUPS,
  type RegisterGroup,
  type RegisterRow,
  type RegisterValue,
} from './nic/index.js';
export * from './pcie/index.js';
