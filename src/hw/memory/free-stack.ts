/** A stack of int32 addresses that grows by doubling: one free list of {@link PhysicalMemory}. */
export class FreeStack {
  length = 0;
  private items: Int32Array = new Int32Array(8);

  push(addr: number): void {
    if (this.length === this.items.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.items);
      this.items = grown;
    }
    this.items[this.length++] = addr;
  }

  /** The address pushed last, or 0 (never a valid address) when empty. */
  pop(): number {
    if (this.length === 0) return 0;
    return this.items[--this.length];
  }
}
