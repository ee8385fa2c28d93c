import { type In6, in6_copy, in6_eq, in6_hash, in6_new } from '../core/index.js';

/** One entry of a {@link Table6}: an address, the device index it is valid on (0 = any), and the number of users. */
export class Entry6 {
  readonly addr: In6;
  readonly ifindex: number;
  refs: number;

  constructor(addr: In6, ifindex: number) {
    this.addr = in6_new();
    in6_copy(this.addr, addr);
    this.ifindex = ifindex;
    this.refs = 1;
  }
}

/** A counted set of (IPv6 address, device index), by open addressing. */
export class Table6 {
  slots: (Entry6 | null)[] = new Array<Entry6 | null>(16).fill(null);
  used: number = 0;

  /** The entry, or null. */
  find(addr: In6, ifindex: number): Entry6 | null {
    const mask = this.slots.length - 1;
    for (let i = in6_hash(addr, ifindex) & mask; ; i = (i + 1) & mask) {
      const e = this.slots[i];
      if (e === null || (e.ifindex === ifindex && in6_eq(e.addr, addr))) return e;
    }
  }

  /** Adds a user; returns how many there are now. */
  add(addr: In6, ifindex: number): number {
    const have = this.find(addr, ifindex);
    if (have !== null) return ++have.refs;
    if (2 * (this.used + 1) > this.slots.length) this.rehash(this.slots.length * 2, null);
    this.insert(new Entry6(addr, ifindex));
    return 1;
  }

  /** Takes a user away; returns how many are left, -1 when there was none. */
  del(addr: In6, ifindex: number): number {
    const have = this.find(addr, ifindex);
    if (have === null) return -1;
    if (--have.refs === 0) this.rehash(this.slots.length, have);
    return have.refs;
  }

  private insert(entry: Entry6): void {
    const mask = this.slots.length - 1;
    let i = in6_hash(entry.addr, entry.ifindex) & mask;
    while (this.slots[i] !== null) i = (i + 1) & mask;
    this.slots[i] = entry;
    this.used++;
  }

  private rehash(size: number, without: Entry6 | null): void {
    const old = this.slots;
    this.slots = new Array<Entry6 | null>(size).fill(null);
    this.used = 0;
    for (const entry of old) if (entry !== null && entry !== without) this.insert(entry);
  }
}
