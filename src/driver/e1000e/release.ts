import { netif_napi_del } from '../../napi/index.js';
import {
  type PciDev,
  pci_clear_master,
  pci_disable_device,
  pci_free_irq_vectors,
  pci_release_regions,
} from '../pci/index.js';
import type { E1000Adapter } from './adapter.js';

/** The end of a removal: the device is closed, nothing polls it. */
export function e1000_release(a: E1000Adapter): void {
  a.removing = false;
  netif_napi_del(a.napi);
  e1000_unclaim(a.pdev);
}

/** Gives back what a probe took of the function, in reverse order. */
export function e1000_unclaim(pdev: PciDev): void {
  pci_free_irq_vectors(pdev);
  pci_release_regions(pdev);
  pci_clear_master(pdev);
  pci_disable_device(pdev);
}
