import { netif_carrier_off, netif_carrier_on } from '../../skbuff/index.js';
import { readl } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_fc_link_up } from './flow-control.js';
import { e1000_phy_has_link } from './hw.js';
import type { E1000LinkConfig } from './link-config.js';
import {
  E1000_STATUS,
  E1000_STATUS_FD,
  E1000_STATUS_LU,
  E1000_STATUS_SPEED_100,
  E1000_STATUS_SPEED_MASK,
} from './regs.js';
import { e1000_tx_wake } from './tx.js';

/**
 * Link check of the kernel's `e1000_watchdog_task`: asks the PHY, then tells the stack. The kernel defers it to a work item one
 * tick later; here the poll that the link interrupt schedules does it, in softirq context.
 */
export function e1000_check_link(a: E1000Adapter): void {
  a.get_link_status = false;
  const up = e1000_phy_has_link(a.io) && (readl(a.io, E1000_STATUS) & E1000_STATUS_LU) !== 0;
  const dev = a.dev;
  if (up === dev.carrier) return;
  if (!up) {
    a.link_speed = 0;
    a.link.rx_pause = a.link.tx_pause = false;
    a.irqs.log.print(`e1000e ${dev.name}: NIC Link is Down`);
    netif_carrier_off(dev);
    return;
  }
  const status = readl(a.io, E1000_STATUS);
  const speed = status & E1000_STATUS_SPEED_MASK;
  a.link_speed = speed === 0 ? 10 : speed === E1000_STATUS_SPEED_100 ? 100 : 1000;
  a.full_duplex = (status & E1000_STATUS_FD) !== 0;
  a.tx_timeout_factor = a.link_speed === 10 ? 16 : a.link_speed === 100 ? 10 : 1;
  e1000_fc_link_up(a);
  const duplex = a.full_duplex ? 'Full' : 'Half';
  a.irqs.log.print(
    `e1000e ${dev.name}: NIC Link is Up ${a.link_speed} Mbps ${duplex} Duplex, Flow Control: ${pause(a.link)}`,
  );
  netif_carrier_on(dev);
  e1000_tx_wake(a);
}

function pause(link: E1000LinkConfig): string {
  if (link.rx_pause) return link.tx_pause ? 'Rx/Tx' : 'Rx';
  return link.tx_pause ? 'Tx' : 'None';
}
