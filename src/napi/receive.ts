import { NET_RX_DROP, netif_receive_skb, type SkBuff } from '../skbuff/index.js';
import { GRO_DROP, GRO_NORMAL } from './constants.js';
import type { NapiStruct } from './napi-struct.js';

/**
 * `napi_gro_receive`: hands a packet up from a poll. `skb.dev` and `skb.protocol` are set. There is no GRO engine yet: every packet goes up
 * at once as it is. GRO_NORMAL, or GRO_DROP when the stack dropped it.
 */
export function napi_gro_receive(_n: NapiStruct, skb: SkBuff): number {
  return netif_receive_skb(skb) === NET_RX_DROP ? GRO_DROP : GRO_NORMAL;
}
