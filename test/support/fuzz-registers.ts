import { LAYOUT } from '../../src/hw/nic/registers/table.js';

/** Entry of the register with this name. */
export function entry(name: string): number {
  const i = LAYOUT.names.indexOf(name);
  if (i < 0) throw new Error(`no register ${name}`);
  return i;
}

const RO = 1;
const RC = 2;
const W1C = 3;
const WO = 4;
const WS = 5;

const CAUSES = 0x01f782df;
const CTRL_PHY_AND_RST = 0x84000000 | 0;
const KNOWN_PHY_REGISTERS = [2, 3];

/** What a register does beyond its access class, and why. */
export interface Exception {
  readonly why: string;
  /** Bits of a read (and of the stored value) that are not compared. */
  readonly ignore?: number;
  read?(m: Model, value: number): number;
  wrote?(m: Model, value: number): void;
}

/** The NVM and the wake-up wiring as the model needs them. */
export interface Board {
  /** Words of the NVM, the device's own. */
  readonly words: Uint16Array;
  readonly wake: boolean;
}

/**
 * What software must see of an 82574L that has no carrier, may not master the bus and whose clock stands still: the access
 * classes of the table, and the {@link EXCEPTIONS}.
 */
export class Model {
  readonly values: Int32Array = LAYOUT.reset.slice();
  readonly board: Board;
  /** The EEPROM is in a write cycle. */
  writing = false;
  /** INTx: the line, a request that waits for the window, and whether a window has begun. */
  line = 0;
  private armed = false;
  private opened = false;
  /** The register written last, as it was before. */
  before = 0;
  /** PMCSR.PME_En. */
  pmeEnable = false;

  constructor(board: Board) {
    this.board = board;
    this.loadNvm();
    this.status();
  }

  at(name: string): number {
    return this.values[entry(name)];
  }

  set(name: string, value: number): void {
    this.values[entry(name)] = value;
  }

  loadNvm(): void {
    const { words } = this.board;
    this.set('RAL[0]', words[0] | (words[1] << 16));
    this.set('RAH[0]', words[2] | (1 << 31));
    this.set('WUC', (this.at('WUC') & ~1) | ((words[0x24] & 0x0400) !== 0 ? 1 : 0));
  }

  read(i: number): number {
    const access = LAYOUT.access[i];
    const value = this.values[i];
    if (access === RC && LAYOUT.pair[i] !== 1) {
      this.values[i] = 0;
      if (LAYOUT.pair[i] === 2) this.values[i - 1] = 0;
    }
    const special = EXCEPTIONS[LAYOUT.names[i]];
    const plain = access === WO ? 0 : value;
    return special?.read === undefined ? plain : special.read(this, plain);
  }

  write(i: number, value: number): void {
    const access = LAYOUT.access[i];
    const mask = LAYOUT.mask[i];
    const old = this.values[i];
    this.before = old;
    if (access === W1C) this.values[i] = old & ~(value & mask);
    else if (access === WS) this.values[i] = old | (value & mask);
    else if (access !== RO && access !== RC && access !== WO) this.values[i] = (old & ~mask) | (value & mask);
    EXCEPTIONS[LAYOUT.names[i]]?.wrote?.(this, value);
  }

  /** STATUS follows CTRL: forced speed and duplex, bus mastering; without a carrier there is no link. */
  status(): void {
    const ctrl = this.at('CTRL');
    const speed = (ctrl & 0x800) !== 0 ? (ctrl >> 8) & 3 : 2;
    const full = (ctrl & 0x1000) !== 0 ? ctrl & 1 : 1;
    const master = (ctrl & 4) === 0 ? 1 << 19 : 0;
    this.set('STATUS', (this.at('STATUS') & ~0x000800c3) | (speed << 6) | full | master);
  }

  /** The request may have come or gone. */
  interrupt(): void {
    if ((this.at('ICR') & this.at('IMS')) === 0) {
      this.line = 0;
      this.armed = false;
    } else if (this.line === 0 && !this.armed) this.request();
  }

  private request(): void {
    if (this.at('ITR') !== 0 && this.opened) {
      this.armed = true;
      return;
    }
    this.opened = true;
    this.line = 1;
    const count = this.at('IAC');
    this.set('IAC', count === -1 ? -1 : count + 1);
  }

  /** ITR was written: what waits is looked at again. */
  throttle(): void {
    if (!this.armed) return;
    this.armed = false;
    this.interrupt();
  }

  /** An access to ICR with an interrupt asserted masks what IAM says, if IAME is set. */
  autoMask(asserted: boolean): void {
    if (asserted && (this.at('CTRL_EXT') & (1 << 27)) !== 0) this.set('IMS', this.at('IMS') & ~this.at('IAM'));
  }

  /** CTRL.RST; or the reset of the function, which keeps less. */
  reset(kept: (name: string) => boolean): void {
    const before = this.values.slice();
    this.values.set(LAYOUT.reset);
    this.loadNvm();
    for (let i = 0; i < LAYOUT.count; i++) if (kept(LAYOUT.names[i])) this.values[i] = before[i];
    this.line = 0;
    this.armed = false;
    this.opened = false;
    this.status();
    this.wakeBits();
  }

  /** PME_En of WUC is that of PMCSR; without PME in the capabilities there is none. */
  wakeBits(): void {
    this.set('WUC', (this.at('WUC') & ~6) | (this.board.wake && this.pmeEnable ? 2 : 0));
  }
}

/** What CTRL.RST leaves alone, each for its reason in registers/soft-reset.ts. */
export function keptBySoftReset(name: string): boolean {
  const plain = name.replace(/\[.*/, '');
  if (['EXTCNF_CTRL', 'SWSM', 'SWSM2', 'SW_FW_SYNC', 'PBA', 'GCR', 'GCR2', 'WUS', 'WUPL', 'WUPM'].includes(plain))
    return true;
  const offset = LAYOUT.offset[LAYOUT.names.indexOf(name)];
  return offset >= 0x4000 && offset <= 0x40fc;
}

/** What a reset of the function leaves alone while there is power. */
export function keptByFunctionReset(name: string): boolean {
  return ['WUS', 'WUPL', 'WUPM'].includes(name.replace(/\[.*/, ''));
}

function readDone(m: Model, value: number): number {
  return m.writing ? value & ~2 : value;
}

/** The registers whose hardware does more than the access class says. */
export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  CTRL: {
    why: 'RST resets; speed, duplex and master disable show in STATUS',
    wrote: (m, value) => {
      if ((value & (1 << 26)) !== 0) m.reset(keptBySoftReset);
      else {
        m.set('CTRL', m.at('CTRL') & ~CTRL_PHY_AND_RST);
        m.status();
      }
    },
  },
  EECD: {
    why: 'GNT (7) follows REQ (6); DO (3) is what the EEPROM says',
    ignore: 8,
    wrote: (m, value) => m.set('EECD', (m.at('EECD') & ~0x80) | ((value & 0x40) << 1)),
  },
  EERD: {
    why: 'START reads a word of the NVM: data in 31:16, DONE unless the EEPROM writes',
    read: readDone,
    wrote: (m, value) => {
      const address = (value >>> 2) & 0x3fff;
      const word = (value & 1) !== 0 && address < m.board.words.length ? m.board.words[address] : 0;
      m.set('EERD', (word << 16) | (value & 0xfffc) | 2);
    },
  },
  EEWR: {
    why: 'START writes a word of the NVM, for 5 ms; then DONE',
    read: (m, value) => (m.writing ? value & ~2 : value | 2),
    wrote: (m, value) => {
      m.set('EEWR', value & ~3);
      if ((value & 1) !== 0 && ((value >>> 2) & 0x3fff) < m.board.words.length) m.writing = true;
    },
  },
  CTRL_EXT: {
    why: 'EE_RST (13) loads the NVM again',
    wrote: (m, value) => {
      if ((value & (1 << 13)) !== 0) m.loadNvm();
    },
  },
  MDIC: {
    why: 'a transaction with the PHY: READY, ERROR for an address or an operation that is none, the data of a read; MDAC if asked',
    wrote: (m, value) => {
      const op = (value >>> 26) & 3;
      const request = value & 0x2fffffff;
      const error = ((value >>> 21) & 31) !== 1 || (op !== 1 && op !== 2);
      const phy = (value >>> 16) & 31;
      const data = op === 2 && !error ? (phy === KNOWN_PHY_REGISTERS[0] ? 0x0141 : 0x0cb1) : request & 0xffff;
      m.set('MDIC', (request & ~0xffff) | data | (1 << 28) | (error ? 1 << 30 : 0));
      if ((value & (1 << 29)) !== 0) m.set('ICR', m.at('ICR') | (1 << 9));
      m.interrupt();
    },
  },
  SWSM: {
    why: 'a semaphore: the read that finds SMBI clear sets it',
    read: (m, value) => {
      m.set('SWSM', m.at('SWSM') | 1);
      return value;
    },
  },
  ICR: {
    why: 'a read clears, shows INT_ASSERTED and auto-masks; a write of ones clears and auto-masks',
    read: (m, value) => {
      const asserted = (value & m.at('IMS')) !== 0;
      m.set('ICR', 0);
      m.autoMask(asserted);
      m.interrupt();
      return asserted ? value | (1 << 31) : value;
    },
    wrote: (m) => {
      m.autoMask((m.before & m.at('IMS')) !== 0);
      m.interrupt();
    },
  },
  ICS: {
    why: 'sets causes',
    wrote: (m, value) => {
      m.set('ICR', m.at('ICR') | (value & CAUSES));
      m.interrupt();
    },
  },
  IMS: { why: 'enables causes that may request at once', wrote: (m) => m.interrupt() },
  IMC: {
    why: 'clears bits of IMS',
    wrote: (m, value) => {
      m.set('IMS', m.at('IMS') & ~value);
      m.interrupt();
    },
  },
  ITR: { why: 'a request that waits for the window is looked at again', wrote: (m) => m.throttle() },
  TCTL: {
    why: 'SWXOFF (22) sends a PAUSE frame and reads as 0',
    wrote: (m) => m.set('TCTL', m.at('TCTL') & ~(1 << 22)),
  },
  WUC: {
    why: 'PME_En (1) and PME_Status (2) are those of PMCSR',
    wrote: (m, value) => {
      m.pmeEnable = (value & 2) !== 0;
      m.wakeBits();
    },
  },
  TIMADJH: {
    why: 'adds TIMADJH:TIMADJL, with its sign, to SYSTIM',
    wrote: (m, high) => {
      const amount = (BigInt(high & 0x7fffffff) << 32n) | BigInt(m.at('TIMADJL') >>> 0);
      const now = (BigInt(m.at('SYSTIMH') >>> 0) << 32n) | BigInt(m.at('SYSTIML') >>> 0);
      const then = BigInt.asUintN(64, high < 0 ? now - amount : now + amount);
      m.set('SYSTIML', Number(then & 0xffffffffn) | 0);
      m.set('SYSTIMH', Number(then >> 32n) | 0);
    },
  },
};
