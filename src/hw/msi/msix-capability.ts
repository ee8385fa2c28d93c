import {
  type ConfigSpace,
  PCI_CAP_ID_MSIX,
  PCI_MSIX_FLAGS,
  PCI_MSIX_FLAGS_ENABLE,
  PCI_MSIX_FLAGS_MASKALL,
  PCI_MSIX_PBA,
  PCI_MSIX_TABLE,
  PcieError,
} from '../pcie/index.js';

/** Contents of an MSI-X capability. */
export interface MsixFields {
  /** Table entries, 1..2048. */
  vectors: number;
  /** BAR and 8-aligned offset of the vector table. */
  tableBar: number;
  tableOffset: number;
  /** BAR and 8-aligned offset of the pending bit array. */
  pbaBar: number;
  pbaOffset: number;
}

/** MSI-X capability at `offset` (12 bytes). @throws PcieError CONFIG_LAYOUT */
export function addMsix(config: ConfigSpace, offset: number, fields: MsixFields): void {
  const { vectors, tableBar, tableOffset, pbaBar, pbaOffset } = fields;
  if (vectors < 1 || vectors > 2048 || ((tableOffset | pbaOffset) & 7) !== 0 || (tableBar | pbaBar) >>> 0 > 7) {
    throw new PcieError('CONFIG_LAYOUT', `MSI-X capability at 0x${offset.toString(16)}`);
  }
  config.addCapability(offset, PCI_CAP_ID_MSIX);
  config.define(offset + PCI_MSIX_FLAGS, 2, vectors - 1, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
  config.define(offset + PCI_MSIX_TABLE, 4, tableOffset | tableBar);
  config.define(offset + PCI_MSIX_PBA, 4, pbaOffset | pbaBar);
}
