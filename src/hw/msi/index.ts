/** Message-signalled interrupts: the capabilities, and sending a message over a device's port. */
export { addMsi, type MsiFields, msiAddress, msiData, msiVectors, sendMsi } from './msi-capability.js';
export { addMsix, type MsixFields } from './msix-capability.js';
