import { netif_napi_add, type Softnet } from '../../napi/index.js';
import {
  NETIF_F_HW_CSUM,
  NETIF_F_RXCSUM,
  type Net,
  NetDevice,
  netif_carrier_off,
  register_netdev,
  unregister_netdev,
} from '../../skbuff/index.js';
import { EIO } from '../../uapi/index.js';
import {
  type PciDev,
  type PciDeviceId,
  type PciDriver,
  type PciErrorHandlers,
  pci_disable_device,
  pci_enable_device,
  pci_ioremap_bar,
  pci_request_regions,
  pci_set_drvdata,
  pci_set_master,
} from '../pci/index.js';
import { E1000Adapter } from './adapter.js';
import { E1000_ETHTOOL_OPS } from './ethtool/ethtool.js';
import { e1000_read_mac_addr, e1000_read_nvm, e1000_read_phy_id, e1000_reset_hw, e1000_validate_nvm } from './hw.js';
import { e1000e_set_interrupt_capability } from './irq.js';
import { type E1000eOptions, e1000e_settings } from './options.js';
import { e1000e_reset_done, e1000e_reset_prepare } from './power.js';
import { BME1000_E_PHY_ID_R2 } from './regs.js';
import { e1000_release, e1000_unclaim } from './release.js';
import { E1000_MAX_MTU } from './rx-buffer.js';

/** PCI id of the chip. */
export const E1000_VENDOR_INTEL = 0x8086;
export const E1000_DEV_ID_82574L = 0x10d3;
const ID_TABLE: readonly PciDeviceId[] = [{ vendor: E1000_VENDOR_INTEL, device: E1000_DEV_ID_82574L }];

/** Word of the NVM with the version of its image. */
const NVM_VERSION = 5;

/** What the driver serves: the stack and the receive side of its host. */
export interface E1000eHost {
  net: Net;
  softnet: Softnet;
}

const ERR_HANDLER: PciErrorHandlers = {
  reset_prepare(pdev: PciDev): void {
    e1000e_reset_prepare(pdev.drvdata as E1000Adapter);
  },
  reset_done(pdev: PciDev): void {
    e1000e_reset_done(pdev.drvdata as E1000Adapter);
  },
};

/** The driver as the PCI bus knows it. Options apply to every device it takes; adapters are in order of probing. */
export class E1000eDriver implements PciDriver {
  readonly name: string = 'e1000e';
  readonly id_table: readonly PciDeviceId[] = ID_TABLE;
  readonly err_handler: PciErrorHandlers = ERR_HANDLER;
  readonly host: E1000eHost;
  options: E1000eOptions;
  readonly adapters: E1000Adapter[];

  constructor(host: E1000eHost, options: E1000eOptions = {}) {
    this.host = host;
    this.options = options;
    this.adapters = [];
  }

  probe(pdev: PciDev, _id: PciDeviceId): number {
    const a = e1000_probe(pdev, this.host, this.options);
    if (typeof a === 'number') return a;
    this.adapters.push(a);
    return 0;
  }

  remove(pdev: PciDev): void {
    const a = pdev.drvdata as E1000Adapter;
    this.adapters.splice(this.adapters.indexOf(a), 1);
    e1000_remove(a);
  }
}

/**
 * `e1000_probe`: resets the chip, checks NVM, MAC address and PHY, and registers `eth%d` (down; `dev_open` brings it up).
 * Returns the adapter, or -errno: -EIO (registers, NVM checksum, address or PHY are not an 82574L's), -EBUSY (regions taken),
 * -ENOSPC (no interrupt). DriverError BAD_OPTION for options out of range.
 */
export function e1000_probe(pdev: PciDev, host: E1000eHost, options: E1000eOptions = {}): E1000Adapter | number {
  const settings = e1000e_settings(options);
  let err = pci_enable_device(pdev);
  if (err !== 0) return err;
  err = pci_request_regions(pdev, 'e1000e');
  if (err !== 0) {
    pci_disable_device(pdev);
    return err;
  }
  pci_set_master(pdev);
  const io = pci_ioremap_bar(pdev, 0);
  if (io === null) return fail(pdev, -EIO);
  const a = new E1000Adapter(pdev, io, host.net, settings);
  err = identify(a);
  if (err !== 0) return fail(pdev, err);
  err = e1000e_set_interrupt_capability(a, settings.interrupts);
  if (err !== 0) return fail(pdev, err);
  const dev = new NetDevice(host.net, 'eth%d', a);
  dev.dev_addr = e1000_read_mac_addr(io);
  dev.features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM;
  dev.max_mtu = E1000_MAX_MTU;
  dev.watchdog_timeo = 5 * host.net.hz;
  dev.ethtool_ops = E1000_ETHTOOL_OPS;
  dev.priv = a;
  dev.parent = pdev;
  a.dev = dev;
  a.napi = netif_napi_add(host.softnet, dev, a.poll, settings.weight);
  pci_set_drvdata(pdev, a);
  netif_carrier_off(dev);
  register_netdev(dev);
  return a;
}

/** Reset, NVM checksum, station address, PHY. 0 or -EIO. */
function identify(a: E1000Adapter): number {
  const { io } = a;
  let err = e1000_reset_hw(io);
  if (err === 0) err = e1000_validate_nvm(io);
  if (err !== 0) return err;
  const mac = e1000_read_mac_addr(io);
  if ((mac[0] & 1) !== 0 || mac.every((b) => b === 0)) return -EIO;
  a.phy_id = e1000_read_phy_id(io);
  a.eeprom_vers = Math.max(0, e1000_read_nvm(io, NVM_VERSION));
  return (a.phy_id & ~0xf) === (BME1000_E_PHY_ID_R2 & ~0xf) ? 0 : -EIO;
}

/** `e1000_remove`: closes the device and gives everything back, at the end of the poll under way if there is one. */
export function e1000_remove(a: E1000Adapter): void {
  unregister_netdev(a.dev);
  if (a.closing) a.removing = true;
  else e1000_release(a);
}

function fail(pdev: PciDev, err: number): number {
  e1000_unclaim(pdev);
  return err;
}
