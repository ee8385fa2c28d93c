/** The Intel 82574L Gigabit Ethernet controller: registers, descriptor rings, interrupt causes and moderation, MAC. */

export {
  NIC_CRC_ERROR,
  NIC_DMA_ABORT,
  NIC_DROP_COUNT,
  NIC_DROP_NAMES,
  NIC_FILTER,
  NIC_LENGTH_ERROR,
  NIC_LINK_DOWN,
  NIC_MISSED,
  NIC_RX_DISABLED,
  NIC_TX_ABORT,
  type TxErrors,
} from './drops.js';
export {
  BAR_FLASH,
  BAR_IO,
  BAR_MSIX,
  BAR_REGISTERS,
  Nic82574,
  type Nic82574Options,
  type RegisterValue,
} from './nic.js';
export { createNvm, NVM_SUM, NVM_WORDS, nvmChecksum } from './nvm/nvm.js';
export type { NvmKind } from './nvm/nvm-unit.js';
export { ABLE_PARTNER, type LinkPartner, partnerFor } from './phy/autoneg.js';
export type { Access, RegisterRow } from './registers/row.js';
export { REGISTER_GROUPS, type RegisterGroup } from './registers/table.js';
