/** Kinds of IPv4 addresses; addresses are int32 in host order (`127.0.0.1` is 0x7f000001). */

/** 127.0.0.0/8 */
export function ipv4_is_loopback(a: number): boolean {
  return a >>> 24 === 127;
}

/** 224.0.0.0/4 */
export function ipv4_is_multicast(a: number): boolean {
  return a >>> 28 === 14;
}

/** 255.255.255.255 */
export function ipv4_is_lbcast(a: number): boolean {
  return a === -1;
}

/** 0.0.0.0/8: "this network" */
export function ipv4_is_zeronet(a: number): boolean {
  return a >>> 24 === 0;
}

/** 224.0.0.0/24: groups that stay on the link */
export function ipv4_is_local_multicast(a: number): boolean {
  return a >>> 8 === 0xe00000;
}
