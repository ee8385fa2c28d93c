import { Cloneable } from '../sim/index.js';
import type { NetDevice } from './device.js';
import type { SkbPool } from './pool.js';

/** What owns an skb's memory charge (a socket); told when the skb leaves it. */
export interface SkOwner {
  /** Gives back what the skb charged. Called once, before the skb is freed or orphaned. */
  skb_destructor(skb: SkBuff): void;
}

/** Where a finished page goes: the pool of receive pages it came from. */
export interface PageOwner {
  page_returned(buffer: SkbBuffer): void;
}

/** A data area in host memory, shared by an skb and its clones. */
export class SkbBuffer extends Cloneable {
  /** Arena offset (= physical address) of the first byte. */
  readonly addr: number;
  /** Bytes. */
  readonly size: number;
  /** Size class: size = 2048 << cls. */
  readonly cls: number;
  /** Number of skbs whose data lies here. */
  dataref: number;
  /** 1 while a device may write here (posted to a receive ring). */
  posted: number;
  /** 1 while the bytes hold the free pattern (checked mode). */
  poisoned: number;
  /** The page pool it goes back to; null: it stays with the skb pool. */
  owner: PageOwner | null;
  /** Chain of free pages. */
  next: SkbBuffer | null;
  /** First byte that `views` start at, and the views made so far for copies to user memory. */
  view_start: number;
  view_base: Uint8Array | null;
  views: (Uint8Array | null)[];

  constructor(addr: number, size: number, cls: number) {
    super();
    this.addr = addr;
    this.size = size;
    this.cls = cls;
    this.dataref = 0;
    this.posted = 0;
    this.poisoned = 0;
    this.owner = null;
    this.next = null;
    this.view_start = 0;
    this.view_base = null;
    this.views = [];
  }

  /** The views are a cache over the arena's buffer; a copy makes its own. */
  cloneFields(copy: Record<string, unknown>): void {
    Object.assign(copy, { view_base: null, views: [] });
  }
}

/**
 * `struct sk_buff`. `head`, `data`, `tail`, `end` and the header fields are absolute arena offsets; `len` is all bytes,
 * `data_len` those in the chain `frag_list`. Objects are pooled: after `kfree_skb` the object belongs to the pool.
 */
export class SkBuff extends Cloneable {
  /** Index in `pool.skbs`; rings and queues may keep it as an int. Never 0. */
  readonly id: number;
  readonly pool: SkbPool;
  buf: SkbBuffer | null;
  head: number;
  data: number;
  tail: number;
  end: number;
  len: number;
  data_len: number;
  /** Reference count; 0 = free. */
  users: number;
  /** 1 when the data may be shared with a clone (see `skb_cloned`). */
  cloned: number;
  /** Bytes charged to a socket for it. */
  truesize: number;
  /** ETH_P_* in host order. */
  protocol: number;
  pkt_type: number;
  ip_summed: number;
  /** 16-bit one's-complement sum (CHECKSUM_COMPLETE: of the data; CHECKSUM_NONE while validating: pseudo header). */
  csum: number;
  /** 1 when software verified the transport checksum. */
  csum_valid: number;
  csum_start: number;
  csum_offset: number;
  mac_header: number;
  network_header: number;
  transport_header: number;
  dev: NetDevice | null;
  next: SkBuff | null;
  prev: SkBuff | null;
  /** The queue it is on. */
  list: SkBuffList | null;
  /** Further parts of the packet, linked by `next`. */
  frag_list: SkBuff | null;
  sk: SkOwner | null;
  /** Journey id of the frame it carries; 0 = none yet. */
  journey: number;
  hash: number;
  priority: number;
  mark: number;
  /** Interface the packet arrived on (ifindex). */
  skb_iif: number;
  /** Control block of the layer that holds it. */
  cb0: number;
  cb1: number;
  cb2: number;
  cb3: number;
  cb4: number;
  cb5: number;
  cb6: number;
  cb7: number;
  /** Anything of the layer that holds it (a route, a neighbour); null between layers. */
  dst: object | null;

  constructor(id: number, pool: SkbPool) {
    super();
    this.id = id;
    this.pool = pool;
    this.buf = null;
    this.dev = null;
    this.next = null;
    this.prev = null;
    this.list = null;
    this.frag_list = null;
    this.sk = null;
    this.dst = null;
    this.head = this.data = this.tail = this.end = this.len = this.data_len = 0;
    this.users = this.cloned = this.truesize = 0;
    this.protocol = this.pkt_type = this.ip_summed = this.csum = this.csum_valid = this.csum_start = 0;
    this.csum_offset = this.mac_header = this.network_header = this.transport_header = 0;
    this.journey = this.hash = this.priority = this.mark = this.skb_iif = 0;
    this.cb0 = this.cb1 = this.cb2 = this.cb3 = this.cb4 = this.cb5 = this.cb6 = this.cb7 = 0;
  }
}

/** The part of a queue that an skb knows. */
export interface SkBuffList {
  qlen: number;
}
