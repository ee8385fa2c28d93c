/** Memory of the recorded driver: its rings where the record puts them, buffers where there is room. */
const RX_RING = 0x28d0000;
const TX_RING = 0x2b6e000;
const RX_BUFFERS = 0x1000000;
const TX_BUFFERS = 0x1800000;
const DESCRIPTORS = 256;
const DESCRIPTOR_BYTES = 16;
const BUFFER_BYTES = 2048;

/* Command byte and type of an extended data descriptor, as Linux' e1000e fills it. */
const TXD_CMD = 0x8b000000; // IDE, RS, IFCS, EOP
const TXD_CMD_DEXT = 0x20000000;
const TXD_DTYP_DATA = 0x00100000;

function macBytes(text: string): number[] {
  return text.split(':').map((part) => Number.parseInt(part, 16));
}

/** Ethernet address of the link-local IPv6 group ff02::n (RFC 2464). */
export function ipv6Multicast(n: number): string {
  return `33:33:00:00:00:${n.toString(16)}`;
}

/** An Ethernet frame of `length` bytes without CRC; what it carries is zeros, for no register depends on it. */
export function frame(to: string, from: string, type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([...macBytes(to), ...macBytes(from), type >>> 8, type & 0xff]);
  return bytes;
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setInt32(i * 4, value | 0, true);
  });
  return bytes;
}

/** A full receive ring of extended descriptors, each with a buffer. */
export function rxRing(): [number, Uint8Array][] {
  const ring: [number, Uint8Array][] = [];
  for (let i = 0; i < DESCRIPTORS; i++) {
    ring.push([RX_RING + i * DESCRIPTOR_BYTES, words(RX_BUFFERS + i * BUFFER_BYTES, 0, 0, 0)]);
  }
  return ring;
}

/** Transmit descriptor `n` and the frame it points to. */
export function txDescriptor(n: number, bytes: Uint8Array): [number, Uint8Array][] {
  const at = TX_BUFFERS + n * BUFFER_BYTES;
  const command = TXD_CMD | TXD_CMD_DEXT | TXD_DTYP_DATA | bytes.length;
  return [
    [at, bytes],
    [TX_RING + n * DESCRIPTOR_BYTES, words(at, 0, command, 0)],
  ];
}
