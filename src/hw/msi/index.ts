/** Message-signalled interrupts: the capabilities, and sending a message over a device's port. */
export { addMsi, clearMsiPending, type MsiFields, msiAddress, msiData, msiVectors, sendMsi } from './msi-capability.js';
export { addMsix, type MsixFields } from './msix-capability.js';
export { MSIX_ENTRY_BYTES, MSIX_ENTRY_MASKED, MsixTable } from './msix-table.js';
