/** PCI Express: configuration space, BARs, capabilities, root complex, enumeration, and the port a device lives behind. */
export {
  addAdvancedErrorReporting,
  detectError,
  ERR_COR,
  ERR_FATAL,
  ERR_NONE,
  ERR_NONFATAL,
  type ErrorReportingFields,
  type PciError,
} from './aer.js';
export { addDeviceSerialNumber, addExpress, addPowerManagement, type ExpressFields } from './capabilities.js';
export { CONFIG_BYTES, RESET_COLD, RESET_FUNCTION, RESET_HOT } from './config-bits.js';
export {
  BAR_IO,
  BAR_MEM32,
  BAR_NONE,
  BAR_ROM,
  BAR_UNREACHABLE,
  BAR_UPPER,
  BARS,
  type ConfigIdentity,
  type ConfigListener,
  ConfigSpace,
  EXTENDED_CONFIG,
} from './config-space.js';
export {
  type DevicePort,
  type DevicePortFactory,
  type EndpointPort,
  newPortCounters,
  type PciDevice,
  type PortCounters,
} from './device.js';
export { createDirectPort, DirectPort } from './direct-port.js';
export { enumerate, type PciCapability, type PciFunctionInfo, type PciResource } from './enumerate.js';
export { ERROR_RECORDS, ErrorLog, type ErrorRecord } from './error-log.js';
export { PcieError, type PcieErrorCode } from './errors.js';
export { IoMem, OP_WRITE } from './io-mem.js';
export { type LspciOptions, lspci } from './lspci/index.js';
export type { PciNames } from './lspci/names.js';
export * from './map.js';
export * from './regs.js';
export {
  type DecodedRegion,
  type IntxTarget,
  type MessageTarget,
  type MmioRegion,
  type PciFunction,
  type PortMaker,
  RootComplex,
  type RootComplexCounters,
  type RootComplexOptions,
} from './root-complex.js';
