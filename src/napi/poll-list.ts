import type { NapiStruct } from './napi-struct.js';

/** A list of NAPI instances; an instance is on one at most. */
export class PollList {
  head: NapiStruct | null = null;
  tail: NapiStruct | null = null;

  add(n: NapiStruct): void {
    n.list = this;
    n.next = null;
    n.prev = this.tail;
    if (this.tail === null) this.head = n;
    else this.tail.next = n;
    this.tail = n;
  }

  remove(n: NapiStruct): void {
    if (n.prev === null) this.head = n.next;
    else n.prev.next = n.next;
    if (n.next === null) this.tail = n.prev;
    else n.next.prev = n.prev;
    n.list = null;
    n.next = null;
    n.prev = null;
  }

  /** Takes the first, or null. */
  take(): NapiStruct | null {
    const n = this.head;
    if (n !== null) this.remove(n);
    return n;
  }

  /** Moves everything from `other` to the end of this list. */
  append(other: PollList): void {
    for (let n = other.take(); n !== null; n = other.take()) this.add(n);
  }
}
