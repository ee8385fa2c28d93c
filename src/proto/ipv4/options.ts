/** IPv4 options as received (RFC 791 §3.1, RFC 1122 §3.2.1.8): checked for sane lengths, unknown ones ignored. */

const IPOPT_END = 0;
const IPOPT_NOOP = 1;
const IPOPT_LSRR = 131;
const IPOPT_SSRR = 137;

/** The options are good. */
export const IPOPT_OK = -1;
/** They ask for a source route, which hosts refuse by default (accept_source_route 0). */
export const IPOPT_SOURCE_ROUTE = -2;

/**
 * Checks `len` bytes of options at `off`: IPOPT_OK, IPOPT_SOURCE_ROUTE, or the place of the octet that is wrong, counted from the start of the
 * IP header (for the pointer of a Parameter Problem).
 */
export function ip_options_check(dv: DataView, off: number, len: number): number {
  let at = 0;
  let routed = false;
  while (at < len) {
    const type = dv.getUint8(off + at);
    if (type === IPOPT_END) break;
    if (type === IPOPT_NOOP) {
      at++;
      continue;
    }
    if (at + 2 > len) return 20 + at;
    const size = dv.getUint8(off + at + 1);
    if (size < 2 || at + size > len) return 20 + at;
    if (type === IPOPT_LSRR || type === IPOPT_SSRR) {
      if (size < 3) return 20 + at + 1;
      if (routed) return 20 + at;
      routed = true;
    }
    at += size;
  }
  return routed ? IPOPT_SOURCE_ROUTE : IPOPT_OK;
}
