import { type NapiSteps, type NapiStruct, napi_complete_done } from '../../napi/index.js';
import { Cloneable } from '../../sim/index.js';
import type { E1000Adapter } from './adapter.js';
import { e1000_writel } from './guarded.js';
import { e1000_check_tx_hang } from './hang.js';
import { e1000_set_itr } from './itr.js';
import { e1000_check_link } from './link.js';
import { E1000_IMS } from './regs.js';
import { e1000_desc_unused } from './ring.js';
import { E1000_RX_BUFFER_WRITE, e1000_alloc_rx_buffers, e1000_clean_rx_one, e1000_receive_held } from './rx.js';
import { e1000_test_msi_passed } from './test-msi.js';
import { e1000_clean_tx_one, e1000_tx_wake } from './tx.js';

/**
 * `e1000e_poll` as a step machine: first the sent packets, then up to `budget` received ones, one packet a block. With budget
 * left it completes, and if it may, unmasks: causes that came meanwhile are still in ICR and interrupt at once.
 */
export class E1000Poll extends Cloneable implements NapiSteps {
  readonly a: E1000Adapter;
  budget: number;
  work: number;
  cleaned: number;
  /** Sent packets are still to be looked at; how many this poll may clean; whether it ran out of that number. */
  tx_phase: boolean;
  tx_left: number;
  tx_cleaned: boolean;
  /** Frames of a replaced ring come first. */
  held: boolean;

  constructor(a: E1000Adapter) {
    super();
    this.a = a;
    this.budget = this.work = this.cleaned = this.tx_left = 0;
    this.tx_phase = this.tx_cleaned = this.held = false;
  }

  pollBegin(_napi: NapiStruct, budget: number): void {
    this.budget = budget;
    this.work = this.cleaned = 0;
    const a = this.a;
    this.tx_phase = a.poll_tx && !a.down;
    this.tx_left = a.tx_ring.count;
    this.tx_cleaned = true;
    this.held = a.held.qlen !== 0;
    if (a.get_link_status && !a.down) {
      e1000_test_msi_passed(a);
      e1000_check_link(a);
    }
  }

  pollStep(_napi: NapiStruct): boolean {
    const a = this.a;
    if (a.down) return false;
    if (this.tx_phase) {
      if (this.tx_left > 0 && e1000_clean_tx_one(a)) {
        this.tx_left--;
        return true;
      }
      this.tx_phase = false;
      this.tx_cleaned = this.tx_left > 0;
      e1000_tx_wake(a);
      if (a.detect_tx_hung) e1000_check_tx_hang(a);
    }
    if (this.work >= this.budget) return false;
    if (this.held) return this.heldStep(a);
    if (!e1000_clean_rx_one(a)) return false;
    this.work++;
    if (++this.cleaned >= E1000_RX_BUFFER_WRITE) {
      e1000_alloc_rx_buffers(a, this.cleaned);
      this.cleaned = 0;
    }
    return this.work < this.budget;
  }

  private heldStep(a: E1000Adapter): boolean {
    this.held = e1000_receive_held(a);
    this.work++;
    return this.work < this.budget;
  }

  pollEnd(napi: NapiStruct): number {
    const a = this.a;
    if (!a.down) e1000_alloc_rx_buffers(a, e1000_desc_unused(a.rx_ring));
    if (!this.tx_cleaned || this.work === this.budget) return this.budget;
    if (napi_complete_done(napi, this.work)) {
      if (a.moderation.adaptive) e1000_set_itr(a);
      if (!a.down) e1000_writel(a, E1000_IMS, a.ims_poll);
    }
    return this.work;
  }
}
