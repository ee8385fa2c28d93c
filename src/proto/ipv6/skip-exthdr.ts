import {
  IPPROTO_AH,
  IPPROTO_DSTOPTS,
  IPPROTO_FRAGMENT,
  IPPROTO_HOPOPTS,
  IPPROTO_NONE,
  IPPROTO_ROUTING,
} from '../../uapi/index.js';
import { IP6_OFFSET } from './header.js';

/**
 * `ipv6_skip_exthdr` over the bytes `off` .. `end`: `out[0]` = offset of the upper header, `out[1]` = its protocol, `out[2]` = 1 when it belongs to
 * a fragment that is not the first. False: the chain is cut off.
 */
export function ipv6_skip_exthdr(dv: DataView, off: number, end: number, nexthdr: number, out: Int32Array): boolean {
  let at = off;
  let type = nexthdr;
  out[2] = 0;
  while (
    type === IPPROTO_HOPOPTS ||
    type === IPPROTO_ROUTING ||
    type === IPPROTO_FRAGMENT ||
    type === IPPROTO_DSTOPTS ||
    type === IPPROTO_AH
  ) {
    if (at + 8 > end) return false;
    let len = (dv.getUint8(at + 1) + 1) * 8;
    if (type === IPPROTO_AH) len = (dv.getUint8(at + 1) + 2) * 4;
    if (type === IPPROTO_FRAGMENT) {
      len = 8;
      if ((dv.getUint16(at + 2) & IP6_OFFSET) !== 0) {
        out[0] = at + len;
        out[1] = dv.getUint8(at);
        out[2] = 1;
        return true;
      }
    }
    type = dv.getUint8(at);
    at += len;
  }
  out[0] = at;
  out[1] = type;
  return type === IPPROTO_NONE || at <= end;
}
