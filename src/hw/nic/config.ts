import { addMsi, addMsix } from '../msi/index.js';
import { addDeviceSerialNumber, addExpress, addPowerManagement, ConfigSpace } from '../pcie/index.js';

/** Bytes of BAR 0 (registers) and BAR 1 (flash). */
export const BAR_REGISTER_BYTES = 0x20000;
const PCI_EXT_CAP_ID_ERR = 1;

/**
 * Configuration space of an 82574L: identity, BARs and the capability chain c8 (PM) -> d0 (MSI) -> e0 (PCIe) -> a0 (MSI-X),
 * in extended space AER and the serial number made of the MAC address. MSI-X is announced and cannot be enabled yet.
 */
export function createConfig(mac: Uint8Array): ConfigSpace {
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
  addPowerManagement(config, 0xc8, 0x0022);
  addMsi(config, 0xd0);
  // Type 9: an endpoint integrated into the root complex, as it sits on bus 0. 2.5 GT/s, one lane.
  addExpress(config, 0xe0, { flags: 0x0091, devcap: 0x00008020, lnkcap: 0x00000411, lnksta: 0x0011 });
  addMsix(config, 0xa0, { vectors: 5, tableBar: 3, tableOffset: 0, pbaBar: 3, pbaOffset: 0x2000 });
  addErrorReporting(config, 0x100);
  addDeviceSerialNumber(
    config,
    0x140,
    0xff000000 | (mac[3] << 16) | (mac[4] << 8) | mac[5],
    (mac[0] << 24) | (mac[1] << 16) | (mac[2] << 8) | 0xff,
  );
  return config;
}

/** Advanced Error Reporting, version 2: registers that keep what is written; nothing raises an error yet. */
function addErrorReporting(config: ConfigSpace, offset: number): void {
  config.addExtendedCapability(offset, PCI_EXT_CAP_ID_ERR, 2);
  const uncorrectable = 0x003ff030;
  const correctable = 0x0000f1c1;
  config.define(offset + 0x04, 4, 0, 0, uncorrectable);
  config.define(offset + 0x08, 4, 0, uncorrectable);
  config.define(offset + 0x0c, 4, 0x00062030, uncorrectable);
  config.define(offset + 0x10, 4, 0, 0, correctable);
  config.define(offset + 0x14, 4, 0x00002000, correctable);
}
