/** A growing little-endian buffer. */
export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(4096);
  private view: DataView = new DataView(this.bytes.buffer);
  /** Bytes written. */
  length = 0;

  u8(value: number): void {
    this.ensure(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.ensure(2);
    this.view.setUint16(this.length, value, true);
    this.length += 2;
  }

  u32(value: number): void {
    this.ensure(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Overwrites 32 bits written before. */
  patch32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  put(data: Uint8Array): void {
    this.ensure(data.length);
    this.bytes.set(data, this.length);
    this.length += data.length;
  }

  /** Zeros up to the next multiple of four. */
  pad(): void {
    while ((this.length & 3) !== 0) this.u8(0);
  }

  /** The bytes written so far, copied out; the writer starts anew. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  private ensure(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
