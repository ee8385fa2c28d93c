import * as P from './phy-registers.js';

const PAGE_SHIFT = 5;

/**
 * The pages of the PHY beyond page 0, and the two ways to choose one: register 22 takes the page itself, register 31 the
 * page times 32. Registers 0 to 15 are the same in all pages. What a page holds is kept as written, but for the wake-up
 * page 800, whose registers are reached through an address and a data register, and only while page 769 enables that.
 */
export class PhyPages {
  private page = 0;
  /** Registers that were written, by page * 32 + register. */
  private readonly stored: Map<number, number> = new Map();
  /** Registers of the wake-up page. */
  private readonly wakeup: Map<number, number> = new Map();
  /** Indirect registers of page 0 (registers 29 and 30). */
  private readonly indirect: Map<number, number> = new Map();
  /** Last values of registers 22, 29 and 31. */
  private select = 0;
  private shifted = 0;
  private number = 0;
  private wakeupAddress = 0;

  /** Power-on: page 0, and nothing written. */
  reset(): void {
    this.page = 0;
    this.select = 0;
    this.shifted = 0;
    this.number = 0;
    this.wakeupAddress = 0;
    this.stored.clear();
    this.wakeup.clear();
    this.indirect.clear();
  }

  /** A register from 16 on that is not one of page 0's own. */
  holds(register: number): boolean {
    return this.page !== 0 || isSelector(register) || isIndirect(register);
  }

  read(register: number): number {
    if (register === P.BM_PHY_PAGE_SELECT) return this.select;
    if (register === P.IGP01E1000_PHY_PAGE_SELECT) return this.shifted;
    if (this.page === 0) {
      return register === P.M88E1000_PHY_PAGE_SELECT ? this.number : (this.indirect.get(this.number) ?? 0);
    }
    if (this.page === P.BM_WUC_PAGE) return this.readWakeup(register);
    return this.stored.get(this.key(register)) ?? 0;
  }

  /** Takes a write to a register from 16 on; false when it belongs to page 0's own registers. */
  takes(register: number, value: number): boolean {
    if (isSelector(register)) {
      this.choose(register, value);
      return true;
    }
    if (this.page === 0 && !isIndirect(register)) return false;
    if (this.page === 0) {
      if (register === P.M88E1000_PHY_PAGE_SELECT) this.number = value;
      else this.indirect.set(this.number, value);
    } else if (this.page === P.BM_WUC_PAGE) this.writeWakeup(register, value);
    else this.stored.set(this.key(register), value);
    return true;
  }

  private choose(register: number, value: number): void {
    if (register === P.BM_PHY_PAGE_SELECT) {
      this.select = value;
      this.page = value;
    } else {
      this.shifted = value;
      this.page = value >>> PAGE_SHIFT;
    }
  }

  private key(register: number): number {
    return (this.page << PAGE_SHIFT) | register;
  }

  private wakeupEnabled(): boolean {
    const enable = this.stored.get((P.BM_PORT_CTRL_PAGE << PAGE_SHIFT) | P.BM_WUC_ENABLE_REG) ?? 0;
    return (enable & P.BM_WUC_ENABLE_BIT) !== 0;
  }

  private readWakeup(register: number): number {
    if (!this.wakeupEnabled()) return 0;
    if (register === P.BM_WUC_ADDRESS_OPCODE) return this.wakeupAddress;
    return register === P.BM_WUC_DATA_OPCODE ? (this.wakeup.get(this.wakeupAddress) ?? 0) : 0;
  }

  private writeWakeup(register: number, value: number): void {
    if (!this.wakeupEnabled()) return;
    if (register === P.BM_WUC_ADDRESS_OPCODE) this.wakeupAddress = value;
    else if (register === P.BM_WUC_DATA_OPCODE) this.wakeup.set(this.wakeupAddress, value);
  }
}

function isSelector(register: number): boolean {
  return register === P.BM_PHY_PAGE_SELECT || register === P.IGP01E1000_PHY_PAGE_SELECT;
}

function isIndirect(register: number): boolean {
  return register === P.M88E1000_PHY_PAGE_SELECT || register === P.M88E1000_PHY_GEN_CONTROL;
}
