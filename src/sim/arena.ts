/** All memory of a network in one buffer; owners claim disjoint chunks of it (DESIGN §5). */
import { Cloneable } from './clone.js';
import { SimError } from './errors.js';

/**
 * Bytes per chunk: a buffer of one owner never spans a chunk it does not own. Small, because every host's last chunk is half empty: two
 * hosts with full rings fit into the first INITIAL_BYTES.
 */
export const CHUNK: number = 64 * 1024;
const CHUNK_SHIFT = 16;
/** Journey tags: one per 2 KiB. */
export const TAG_SHIFT: number = 11;
/** Addresses are int32, so the arena ends below 2^31. */
const MAX_BYTES = 0x80000000 - CHUNK;
/** Two hosts (receive rings of 256 buffers of 2 KiB each), a wire and two NICs, without growing. */
const INITIAL_BYTES: number = 22 * CHUNK;
const NOBODY = -1;

/** Where the arena's buffer comes from. */
export interface ArenaAllocator {
  /** A buffer of at least `bytes` (a multiple of CHUNK) that starts with the contents of `old`, the rest zero. */
  grow(old: ArrayBuffer | null, bytes: number): ArrayBuffer;
}

function growByCopy(old: ArrayBuffer | null, bytes: number): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes);
  if (old !== null) new Uint8Array(buffer).set(new Uint8Array(old));
  return buffer;
}

/** The default allocator: a new ArrayBuffer and a copy. */
export function defaultAllocator(): ArenaAllocator {
  return { grow: growByCopy };
}

/**
 * The views are REPLACED when the arena grows: read them through the arena (`arena.u8`), never keep one across a call
 * that may claim.
 */
export class Arena extends Cloneable {
  u8: Uint8Array;
  i32: Int32Array;
  u32: Uint32Array;
  dv: DataView;
  /** One journey id per 2 KiB: `tags[addr >>> 11]`. */
  tags: Int32Array;
  private readonly allocator: ArenaAllocator;
  /** Owner of each chunk, -1 for none. */
  private owners: Int32Array;
  /** First chunk never claimed. */
  private free: number;
  /** Chunk 0 is kept for the wire (owner 0), so that address 0 is never a host's. */
  private first: boolean;

  /** `bytes`: initial size, rounded up to chunks (default 1.375 MiB: two hosts). */
  constructor(bytes: number = INITIAL_BYTES, allocator: ArenaAllocator = defaultAllocator()) {
    super();
    this.allocator = allocator;
    this.free = 1;
    this.first = true;
    const size = Math.max(1, Math.ceil(bytes / CHUNK)) * CHUNK;
    const buffer = allocator.grow(null, size);
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.dv = new DataView(buffer);
    this.tags = new Int32Array(buffer.byteLength >>> TAG_SHIFT);
    this.owners = new Int32Array(buffer.byteLength >>> CHUNK_SHIFT).fill(NOBODY);
    this.owners[0] = 0;
  }

  /** Bytes in the arena now. */
  size(): number {
    return this.u8.length;
  }

  /**
   * Gives `owner` (0 = wire and devices, from 1 on hosts) contiguous zeroed chunks of at least `bytes` (> 0) and returns
   * their offset. May replace the views. Throws SimError ARENA_FULL beyond 2 GiB.
   */
  claim(owner: number, bytes: number): number {
    const chunks = Math.ceil(bytes / CHUNK);
    if (!(bytes > 0) || owner < 0) throw new SimError('ARENA_CLAIM', `bad claim of ${bytes} bytes for owner ${owner}`);
    if (owner === 0 && chunks === 1 && this.first) {
      this.first = false;
      return 0;
    }
    const start = this.free;
    this.ensure((start + chunks) * CHUNK);
    this.owners.fill(owner, start, start + chunks);
    this.free = start + chunks;
    return start << CHUNK_SHIFT;
  }

  /** Owner of the chunk at `addr` (an int32 address), -1 when nobody's or outside. */
  ownerOf(addr: number): number {
    const chunk = addr >>> CHUNK_SHIFT;
    return chunk < this.owners.length ? this.owners[chunk] : NOBODY;
  }

  /** True when `length` > 0 and every byte of [addr, addr + length) is `owner`'s. */
  owns(owner: number, addr: number, length: number): boolean {
    if (length <= 0 || addr < 0) return false;
    const last = (addr + length - 1) >>> CHUNK_SHIFT;
    const owners = this.owners;
    if (last >= owners.length) return false;
    let chunk = addr >>> CHUNK_SHIFT;
    while (chunk < last && owners[chunk] === owner) chunk++;
    return chunk === last && owners[last] === owner;
  }

  private ensure(bytes: number): void {
    const have = this.u8.length;
    if (bytes <= have) return;
    if (bytes > MAX_BYTES)
      throw new SimError('ARENA_FULL', `the arena cannot hold ${bytes} bytes (limit ${MAX_BYTES})`);
    const buffer = this.allocator.grow(this.u8.buffer as ArrayBuffer, Math.min(MAX_BYTES, Math.max(bytes, have * 2)));
    const tags = new Int32Array(buffer.byteLength >>> TAG_SHIFT);
    tags.set(this.tags);
    const owners = new Int32Array(buffer.byteLength >>> CHUNK_SHIFT).fill(NOBODY);
    owners.set(this.owners);
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.dv = new DataView(buffer);
    this.tags = tags;
    this.owners = owners;
  }
}
