import { IFF_ALLMULTI, IFF_PROMISC } from '../../uapi/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import { e1000_rar_set } from './hw.js';
import { E1000_MTA, E1000_RCTL, E1000_RCTL_MPE, E1000_RCTL_UPE } from './regs.js';

/** Receive addresses for secondary unicast addresses: 1..14 (0 is our own, the last is kept back as the kernel driver does). */
const RAR_FIRST = 1;
const RAR_LAST = 14;

/** `e1000e_set_rx_mode`: programs the filters from the device's flags and address lists; while it is halted, when it comes up again. */
export function e1000e_set_rx_mode(a: E1000Adapter): void {
  if (a.halted) return;
  const dev = a.dev;
  let rctl = a.rctl & ~(E1000_RCTL_UPE | E1000_RCTL_MPE);
  if ((dev.flags & IFF_PROMISC) !== 0) rctl |= E1000_RCTL_UPE | E1000_RCTL_MPE;
  else {
    if ((dev.flags & IFF_ALLMULTI) !== 0) rctl |= E1000_RCTL_MPE;
    else write_mc_addr_list(a);
    if (!write_uc_addr_list(a)) rctl |= E1000_RCTL_UPE;
  }
  a.rctl = rctl;
  e1000_writel(a, E1000_RCTL, rctl);
}

/**
 * `e1000_hash_mc_addr_generic` with multicast filter type 0: bits 47:36 of the address, as transmitted, choose one of 4096 bits
 * of the table.
 */
export function e1000_hash_mc_addr(addr: Uint8Array): number {
  return ((addr[4] >> 4) | (addr[5] << 4)) & 0xfff;
}

/** Writes the words of the multicast table that changed. */
function write_mc_addr_list(a: E1000Adapter): void {
  const next = new Int32Array(a.mta.length);
  for (const { addr } of a.dev.mc) {
    const hash = e1000_hash_mc_addr(addr);
    next[hash >> 5] |= 1 << (hash & 31);
  }
  for (let i = 0; i < next.length; i++) {
    if (next[i] !== a.mta[i]) e1000_writel(a, E1000_MTA + 4 * i, next[i]);
  }
  a.mta.set(next);
}

/** False when there are more addresses than registers. */
function write_uc_addr_list(a: E1000Adapter): boolean {
  const uc = a.dev.uc;
  if (uc.length > RAR_LAST - RAR_FIRST + 1) return false;
  for (let i = 0; i <= RAR_LAST - RAR_FIRST; i++) e1000_rar_set(a.io, RAR_FIRST + i, i < uc.length ? uc[i].addr : null);
  return true;
}
