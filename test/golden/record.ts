/** A register access of the recorded driver. */
export interface Access {
  readonly write: boolean;
  readonly offset: number;
  /** What was written, or what the other model answered (int32). */
  readonly value: number;
}

const LINE =
  /^e1000e_core_(read|write) (?:Read from|Write to) register 0x([0-9a-f]+), 4 byte\(s\), value: 0x([0-9a-f]+)$/;

/**
 * The register accesses in a trace that QEMU wrote (`-trace 'e1000e_core_*' -trace 'e1000e_irq_*'`), in order. Its other
 * lines tell what the model did inside; they are no accesses.
 * @throws Error at an access in a form not known
 */
export function parseRecord(text: string): Access[] {
  const accesses: Access[] = [];
  for (const line of text.split('\n')) {
    const m = LINE.exec(line);
    if (m !== null) {
      accesses.push({
        write: m[1] === 'write',
        offset: Number.parseInt(m[2], 16),
        value: Number.parseInt(m[3], 16) | 0,
      });
    } else if (/^e1000e_core_(read|write) /.test(line)) {
      throw new Error(`not understood: ${line}`);
    }
  }
  return accesses;
}
