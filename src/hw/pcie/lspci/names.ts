/** Names that a dump shows beside numbers; what is not listed is shown as `Device` or `Class`. */
export interface PciNames {
  /** By vendor id. */
  vendors?: Record<number, string>;
  /** By vendor id << 16 | device id, as an unsigned number. */
  devices?: Record<number, string>;
  /** By base class << 8 | sub-class. */
  classes?: Record<number, string>;
}

const VENDORS: Record<number, string> = { 32902: 'Intel Corporation' };
const DEVICES: Record<number, string> = { 2156269779: '82574L Gigabit Network Connection' };

/** Class codes and names of the PCI code and ID assignment specification that a simple endpoint may have. */
const CLASSES: Record<number, string> = {
  256: 'SCSI storage controller',
  257: 'IDE interface',
  262: 'SATA controller',
  264: 'Non-Volatile memory controller',
  512: 'Ethernet controller',
  640: 'Network controller',
  768: 'VGA compatible controller',
  896: 'Display controller',
  1024: 'Multimedia video controller',
  1027: 'Audio device',
  1280: 'RAM memory',
  1408: 'Memory controller',
  1792: 'Serial controller',
  1920: 'Communication controller',
  2051: 'RTC',
  2176: 'System peripheral',
  2304: 'Keyboard controller',
  3075: 'USB controller',
  3077: 'SMBus',
  4096: 'Network and computing encryption device',
  4352: 'DPIO module',
  4480: 'Signal processing controller',
  4608: 'Processing accelerators',
  65280: 'Unassigned class',
};

/** `Ethernet controller [0200]`. */
export function classText(names: PciNames, classCode: number): string {
  const code = classCode >>> 8;
  const name = names.classes?.[code] ?? CLASSES[code] ?? 'Class';
  return `${name} [${code.toString(16).padStart(4, '0')}]`;
}

function idText(vendor: number, device: number): string {
  const hex = (n: number): string => n.toString(16).padStart(4, '0');
  return `[${hex(vendor)}:${hex(device)}]`;
}

/** `Intel Corporation 82574L Gigabit Network Connection [8086:10d3]`. */
export function deviceText(names: PciNames, vendor: number, device: number): string {
  const maker = vendorName(names, vendor);
  const key = vendor * 0x10000 + device;
  const model = maker === '' ? 'Device' : (names.devices?.[key] ?? DEVICES[key] ?? 'Device');
  return `${maker}${model} ${idText(vendor, device)}`;
}

/** A subsystem: its own device names are not known. */
export function subsystemText(names: PciNames, vendor: number, device: number): string {
  return `${vendorName(names, vendor)}Device ${idText(vendor, device)}`;
}

function vendorName(names: PciNames, vendor: number): string {
  const name = names.vendors?.[vendor] ?? VENDORS[vendor];
  return name === undefined ? '' : `${name} `;
}
