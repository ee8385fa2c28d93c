/** The int at the start of an option value (little-endian); callers have checked the length. */
export function optval_int(val: Uint8Array): number {
  return val[0] | (val[1] << 8) | (val[2] << 16) | (val[3] << 24);
}

/** The value of an option that takes an int or a single byte (most of IPPROTO_IP). */
export function optval_int_or_byte(val: Uint8Array): number {
  if (val.length >= 4) return optval_int(val);
  return val.length >= 1 ? val[0] : 0;
}

/** Writes an int answer, cut at the room of `out`; returns the bytes written. */
export function put_int(out: Uint8Array, value: number): number {
  const n = Math.min(4, out.length);
  for (let i = 0; i < n; i++) out[i] = value >>> (8 * i);
  return n;
}

/** As {@link put_int}; a small value fits into a shorter buffer of one byte (`do_ip_getsockopt`). */
export function put_int_or_byte(out: Uint8Array, value: number): number {
  if (out.length > 0 && out.length < 4 && value >= 0 && value <= 255) {
    out[0] = value;
    return 1;
  }
  return put_int(out, value);
}
