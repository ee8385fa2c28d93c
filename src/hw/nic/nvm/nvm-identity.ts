import { type ConfigSpace, PCI_DEVICE_ID, PCI_SUBSYSTEM_ID, PCI_SUBSYSTEM_VENDOR_ID } from '../../pcie/index.js';
import {
  ICW1_LOAD_DEVICE,
  ICW1_LOAD_SUBSYSTEM,
  NVM_DEVICE_ID,
  NVM_INIT_CONTROL1,
  NVM_SIZE_AND_SIGNATURE,
  NVM_SUBSYSTEM_ID,
  NVM_SUBSYSTEM_VENDOR,
  SIGNATURE_VALID,
} from './nvm.js';

/**
 * Puts into configuration space what the NVM says about the function's identity; called before it is plugged in. Without a
 * valid signature, or where Init Control 1 does not ask for it, the chip's own values stay.
 */
export function loadIdentity(config: ConfigSpace, words: Uint16Array): void {
  if (words[NVM_SIZE_AND_SIGNATURE] >>> 14 !== SIGNATURE_VALID) return;
  const control = words[NVM_INIT_CONTROL1];
  if ((control & ICW1_LOAD_DEVICE) !== 0) config.define(PCI_DEVICE_ID, 2, words[NVM_DEVICE_ID]);
  if ((control & ICW1_LOAD_SUBSYSTEM) === 0) return;
  config.define(PCI_SUBSYSTEM_ID, 2, words[NVM_SUBSYSTEM_ID]);
  config.define(PCI_SUBSYSTEM_VENDOR_ID, 2, words[NVM_SUBSYSTEM_VENDOR]);
}
