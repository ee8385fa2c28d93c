import type { E1000Adapter } from './adapter.js';
import { e1000e_update_stats } from './ethtool/stats.js';
import {
  e1000_clean_rings,
  e1000_finish_close,
  e1000e_restart,
  NEXT_CLOSE,
  NEXT_FREEZE,
  NEXT_RESET,
  NEXT_SWITCH,
} from './netdev.js';
import { e1000e_frozen } from './power.js';
import { e1000_purge_held, e1000_switch_rings } from './switch.js';

/** The rest of a stop, once no poll can come. */
export function e1000e_stopped(a: E1000Adapter): void {
  const next = a.next;
  a.next = 0;
  a.closing = false;
  if (next === NEXT_SWITCH) {
    e1000_switch_rings(a);
    return;
  }
  e1000_purge_held(a);
  e1000e_update_stats(a);
  if ((next & NEXT_CLOSE) !== 0) e1000_finish_close(a);
  if ((next & NEXT_FREEZE) !== 0) {
    e1000_clean_rings(a);
    e1000e_frozen(a);
  } else if (next >= NEXT_RESET && next < NEXT_FREEZE) e1000e_restart(a);
  else if (next < NEXT_RESET) {
    e1000_clean_rings(a);
    a.halted = true;
  }
}
