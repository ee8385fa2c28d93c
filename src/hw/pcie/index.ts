/** PCI Express: configuration space, BARs, capabilities, root complex, enumeration, and the port a device lives behind. */
export { addDeviceSerialNumber, addExpress, addPowerManagement, type ExpressFields } from './capabilities.js';
export {
  BAR_IO,
  BAR_MEM32,
  BAR_NONE,
  CONFIG_BYTES,
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
export { PcieError, type PcieErrorCode } from './errors.js';
export { IoMem, OP_WRITE } from './io-mem.js';
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
