import { addMsi, addMsix } from '../msi/index.js';
import {
  addAdvancedErrorReporting,
  addDeviceSerialNumber,
  addExpress,
  addPowerManagement,
  ConfigSpace,
} from '../pcie/index.js';

/** Bytes of BAR 0 (registers) and BAR 1 (flash). */
export const BAR_REGISTER_BYTES = 0x20000;
/** Power management capabilities: version 2, DSI; and with PME from D0, D3hot and D3cold (bits 11, 14, 15). */
const PMC = 0x0022;
const PMC_WITH_PME = 0xc822;

/**
 * Configuration space of an 82574L: identity, BARs and the capability chain c8 (PM) -> d0 (MSI) -> e0 (PCIe) -> a0 (MSI-X),
 * in extended space AER and the serial number made of the MAC address. The chip has no function-level reset and no
 * expansion ROM here; it resets by way of D3hot.
 * @param wake PME is announced and can be enabled
 */
export function createConfig(mac: Uint8Array, wake = false): ConfigSpace {
  const config = new ConfigSpace({
    vendor: 0x8086,
    device: 0x10d3,
    classCode: 0x020000,
    subsystemVendor: 0x8086,
    subsystemId: 0,
    interruptPin: 1,
  });
  config.addMemoryBar(0, BAR_REGISTER_BYTES);
  config.addMemoryBar(1, BAR_REGISTER_BYTES);
  config.addIoBar(2, 32);
  config.addMemoryBar(3, 0x4000);
  addPowerManagement(config, 0xc8, wake ? PMC_WITH_PME : PMC);
  addMsi(config, 0xd0);
  // Type 9: an endpoint integrated into the root complex, as it sits on bus 0. 2.5 GT/s, one lane.
  addExpress(config, 0xe0, { flags: 0x0091, devcap: 0x00008020, lnkcap: 0x00000411, lnksta: 0x0011 });
  addMsix(config, 0xa0, { vectors: 5, tableBar: 3, tableOffset: 0, pbaBar: 3, pbaOffset: 0x2000 });
  addAdvancedErrorReporting(config, 0x100);
  addDeviceSerialNumber(
    config,
    0x140,
    0xff000000 | (mac[3] << 16) | (mac[4] << 8) | mac[5],
    (mac[0] << 24) | (mac[1] << 16) | (mac[2] << 8) | 0xff,
  );
  return config;
}
