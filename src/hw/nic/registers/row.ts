/** How software sees a register. */
export type Access = 'RW' | 'RO' | 'RC' | 'W1C' | 'WO' | 'WS' | 'SC';

/** What each access class means; the register document prints this. */
export const ACCESS_TEXT: Readonly<Record<Access, string>> = {
  RW: 'read and write the bits of the mask; the others keep their reset value',
  RO: 'writes are dropped',
  RC: 'reading clears; writes are dropped. Counters stick at ffffffff; of a 64-bit pair only the high read clears both',
  W1C: 'writing a 1 clears the bit',
  WO: 'reads as 0; writing acts',
  WS: 'writing a 1 sets the bit, a 0 leaves it',
  SC: 'as RW, and some bits act when written and read as 0',
};

/** Half of a 64-bit counter: 0 none, 1 the low word (its read clears nothing), 2 the high word (its read clears both). */
export type Pair = 0 | 1 | 2;

/** One line of the register table: a register, or an array of equal ones. */
export interface RegisterRow {
  /** Byte offset in BAR 0. */
  readonly offset: number;
  readonly name: string;
  readonly access: Access;
  /** Value after reset (int32). */
  readonly reset: number;
  /** Bits that a write reaches (int32). */
  readonly mask: number;
  /** Registers in the array. */
  readonly count: number;
  /** Bytes from one to the next. */
  readonly stride: number;
  readonly pair: Pair;
  /** Reads or writes have effects beyond the access class. */
  readonly effect: boolean;
  /** The value is kept, yet what the chip would do with it is not modelled. */
  readonly storedOnly: boolean;
  readonly text: string;
}

/** What a row may say beyond the usual. */
export interface RowOptions {
  count?: number;
  stride?: number;
  pair?: Pair;
  effect?: boolean;
  stored?: boolean;
}

/** Every bit may be written. */
export const ALL = -1;

/** Builds a row. `reset` and `mask` may be given as uint32. */
export function row(
  offset: number,
  name: string,
  access: Access,
  reset: number,
  mask: number,
  text: string,
  options: RowOptions = {},
): RegisterRow {
  return {
    offset,
    name,
    access,
    reset: reset | 0,
    mask: mask | 0,
    count: options.count ?? 1,
    stride: options.stride ?? 4,
    pair: options.pair ?? 0,
    effect: options.effect === true,
    storedOnly: options.stored === true,
    text,
  };
}
