/** A part on the SPI bus, byte by byte. */
export interface SpiPart {
  /** Chip select goes low: a command begins. */
  select(): void;
  /** Eight bits have come in; returns the byte that goes out during the next eight clocks. */
  transfer(byte: number): number;
  /** Chip select goes high; `whole`: after the last bit of a byte, as commands that change something need it. */
  deselect(whole: boolean): void;
}

/**
 * The four pins of an SPI part that is driven bit by bit, in mode 0: data in is taken when the clock rises, data out
 * changes when it falls, the most significant bit first.
 */
export class SpiPins {
  /** The data output of the part; 0 while it is not selected. */
  out = 0;
  private readonly part: SpiPart;
  private selected = false;
  private clock = 0;
  /** Bits taken of the byte under way, and the bits themselves. */
  private bits = 0;
  private shift = 0;
  /** The byte going out. */
  private sending = 0;

  constructor(part: SpiPart) {
    this.part = part;
  }

  /** New levels: clock, chip select (1 = not selected), data in. */
  drive(clock: number, select: number, data: number): void {
    if (select !== 0) this.release();
    else if (!this.selected) this.take();
    if (this.selected && clock !== this.clock) this.edge(clock, data);
    this.clock = clock;
  }

  private take(): void {
    this.selected = true;
    this.bits = 0;
    this.shift = 0;
    this.sending = 0;
    this.part.select();
  }

  private release(): void {
    if (!this.selected) return;
    this.selected = false;
    this.out = 0;
    this.part.deselect(this.bits === 0);
  }

  private edge(clock: number, data: number): void {
    if (clock === 0) {
      this.out = (this.sending >>> (7 - this.bits)) & 1;
      return;
    }
    this.shift = ((this.shift << 1) | data) & 0xff;
    this.bits++;
    if (this.bits < 8) return;
    this.bits = 0;
    this.sending = this.part.transfer(this.shift);
    this.shift = 0;
  }
}
