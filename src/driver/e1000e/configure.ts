import { readl, writel } from '../mmio.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_rar_set } from './hw.js';
import { e1000e_write_itr } from './itr.js';
import {
  E1000_CTRL_EXT,
  E1000_CTRL_EXT_IAME,
  E1000_IAM,
  E1000_PBA,
  E1000_RADV,
  E1000_RCTL_BAM,
  E1000_RCTL_EN,
  E1000_RCTL_SECRC,
  E1000_RDBAH,
  E1000_RDBAL,
  E1000_RDH,
  E1000_RDLEN,
  E1000_RDT,
  E1000_RDTR,
  E1000_RFCTL,
  E1000_RFCTL_ACK_DIS,
  E1000_RFCTL_EXTEN,
  E1000_RXCSUM,
  E1000_RXCSUM_TUOFL,
  E1000_TADV,
  E1000_TCTL,
  E1000_TCTL_COLLISION,
  E1000_TCTL_EN,
  E1000_TCTL_MULR,
  E1000_TCTL_PSP,
  E1000_TDBAH,
  E1000_TDBAL,
  E1000_TDH,
  E1000_TDLEN,
  E1000_TDT,
  E1000_TIDV,
  E1000_TIPG,
} from './regs.js';
import { DESC_SIZE, e1000_desc_unused } from './ring.js';
import { e1000_alloc_rx_buffers } from './rx.js';
import { e1000_rctl_buffer } from './rx-buffer.js';
import { e1000e_set_rx_mode } from './rx-mode.js';

/** Inter-packet gap of the kernel driver: IPGT 8, IPGR1 8, IPGR2 6. */
const TIPG = 0x00602008;

/** `e1000_configure`: after a reset, everything up to an enabled receiver with posted buffers. */
export function e1000_configure(a: E1000Adapter): void {
  e1000_rar_set(a.io, 0, a.dev.dev_addr);
  configure_tx(a);
  configure_rx(a);
  e1000_start_rx(a);
}

function configure_tx(a: E1000Adapter): void {
  const { io, settings } = a;
  e1000_program_tx_ring(a);
  writel(io, E1000_TIDV, settings.tx_int_delay);
  writel(io, E1000_TADV, settings.tx_abs_int_delay);
  writel(io, E1000_TIPG, TIPG);
  e1000_start_tx(a);
}

/** Transmit ring 0 of the chip becomes `a.tx_ring`, empty. */
export function e1000_program_tx_ring(a: E1000Adapter): void {
  const { io, tx_ring } = a;
  writel(io, E1000_TDBAL, tx_ring.dma);
  writel(io, E1000_TDBAH, 0);
  writel(io, E1000_TDLEN, tx_ring.count * DESC_SIZE);
  writel(io, E1000_TDH, 0);
  writel(io, E1000_TDT, 0);
}

export function e1000_start_tx(a: E1000Adapter): void {
  writel(a.io, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_COLLISION | E1000_TCTL_MULR);
}

/** Receiver with extended descriptors and checksum offload; reading ICR masks all causes (IAM with CTRL_EXT.IAME). */
function configure_rx(a: E1000Adapter): void {
  const { io, settings, moderation } = a;
  writel(io, E1000_RFCTL, E1000_RFCTL_EXTEN | E1000_RFCTL_ACK_DIS);
  writel(io, E1000_RDTR, settings.rx_int_delay);
  writel(io, E1000_RADV, settings.rx_abs_int_delay);
  // Two frames must fit into the receive FIFO for adaptive moderation to make sense (e1000e_reset).
  if (moderation.adaptive) moderation.disable_aim = a.max_frame_size * 2 > (readl(io, E1000_PBA) & 0xffff) << 10;
  e1000e_write_itr(a);
  writel(io, E1000_IAM, -1);
  writel(io, E1000_CTRL_EXT, readl(io, E1000_CTRL_EXT) | E1000_CTRL_EXT_IAME);
  e1000_program_rx_ring(a);
  writel(io, E1000_RXCSUM, readl(io, E1000_RXCSUM) | E1000_RXCSUM_TUOFL);
}

/** Receive ring 0 of the chip becomes `a.rx_ring`, without buffers. */
export function e1000_program_rx_ring(a: E1000Adapter): void {
  const { io, rx_ring } = a;
  writel(io, E1000_RDBAL, rx_ring.dma);
  writel(io, E1000_RDBAH, 0);
  writel(io, E1000_RDLEN, rx_ring.count * DESC_SIZE);
  writel(io, E1000_RDH, 0);
  writel(io, E1000_RDT, 0);
}

/** Enables the receiver and posts buffers of the present length. */
export function e1000_start_rx(a: E1000Adapter): void {
  a.rctl = E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC | e1000_rctl_buffer(a.rx_buffer_len);
  e1000e_set_rx_mode(a);
  e1000_alloc_rx_buffers(a, e1000_desc_unused(a.rx_ring));
}
