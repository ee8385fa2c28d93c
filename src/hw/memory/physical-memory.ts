import { type Arena, CHUNK } from '../../sim/index.js';
import { MemoryError } from './errors.js';
import { FreeStack } from './free-stack.js';

/** Bytes of one packet buffer given by `allocBuffer` (aligned to its size, so it never spans a chunk). */
export const BUFFER_BYTES = 2048;

const MIN_ORDER = 6;
const BUFFER_ORDER = 11;
const NO_ROOM = -1;
const CHUNK_ORDER: number = 31 - Math.clz32(CHUNK);

/** Options of {@link PhysicalMemory}. */
export interface PhysicalMemoryOptions {
  /** Most bytes this host may claim from the arena, rounded down to chunks; 0 (default) = no limit of its own. */
  maxBytes?: number;
}

/**
 * The RAM of one host: chunks of the network's arena that no other host owns.
 *
 * A physical address is an arena offset, so DMA is a copy inside the arena. Address 0 is never valid: the first
 * chunk belongs to the wire. Blocks are powers of two, aligned to their own size; a free list per size, and a
 * larger block is halved when a list is empty. Blocks are not joined again: a host asks for few sizes, and for
 * the same ones all its life.
 */
export class PhysicalMemory {
  readonly arena: Arena;
  readonly hostId: number;
  /** Bytes claimed from the arena so far. */
  claimed = 0;
  /** Bytes in blocks now handed out (sizes rounded up to their class). */
  inUse = 0;
  private readonly maxBytes: number;
  private readonly lists: FreeStack[] = [];
  /** Free runs of several chunks: pairs (address, chunks). Such requests are rare, so a scan will do. */
  private readonly runs: number[] = [];

  /**
   * @param arena memory of the whole network
   * @param hostId owner number of this host's chunks, >= 1 (0 is the wire and the devices)
   */
  constructor(arena: Arena, hostId: number, options: PhysicalMemoryOptions = {}) {
    this.arena = arena;
    this.hostId = hostId;
    this.maxBytes = options.maxBytes ?? 0;
    for (let order = 0; order <= CHUNK_ORDER; order++) this.lists.push(new FreeStack());
  }

  /**
   * Allocates `bytes` aligned to `align` (a power of two up to a chunk). The contents are what the last user left.
   * Several chunks are contiguous; anything up to a chunk lies inside one.
   * @returns the physical address, or 0 when the host's limit is reached
   * @throws MemoryError BAD_SIZE, BAD_ALIGNMENT
   */
  alloc(bytes: number, align = 1): number {
    checkSize(bytes);
    if (align < 1 || align > CHUNK || (align & (align - 1)) !== 0) {
      throw new MemoryError('BAD_ALIGNMENT', `alignment ${align} is not a power of two up to ${CHUNK}`);
    }
    if (bytes > CHUNK) return this.takeRun(chunksOf(bytes));
    return this.take(orderOf(bytes > align ? bytes : align));
  }

  /**
   * Gives back what `alloc(bytes, align)` returned; `align` must be the same as then when it exceeded `bytes`.
   * @throws MemoryError BAD_SIZE, NOT_OWNED, BAD_FREE
   */
  free(addr: number, bytes: number, align = 1): void {
    checkSize(bytes);
    if (bytes > CHUNK) {
      this.freeRun(addr, chunksOf(bytes));
      return;
    }
    const order = orderOf(bytes > align ? bytes : align);
    const size = 1 << order;
    if (!this.arena.owns(this.hostId, addr, size)) throw notOwned(addr, size, this.hostId);
    if ((addr & (size - 1)) !== 0)
      throw new MemoryError('BAD_FREE', `no block of ${size} bytes begins at ${hex(addr)}`);
    this.inUse -= size;
    this.lists[order].push(addr);
  }

  /** One packet buffer of {@link BUFFER_BYTES}, aligned to its size; 0 when the host's limit is reached. */
  allocBuffer(): number {
    const list = this.lists[BUFFER_ORDER] as FreeStack;
    if (list.length === 0) return this.take(BUFFER_ORDER);
    this.inUse += BUFFER_BYTES;
    return list.pop();
  }

  /** Gives back a buffer of `allocBuffer`. @throws MemoryError NOT_OWNED, BAD_FREE */
  freeBuffer(addr: number): void {
    this.free(addr, BUFFER_BYTES);
  }

  /** True when `length` (> 0) bytes from `addr` all lie in memory of this host. */
  owns(addr: number, length: number): boolean {
    return this.arena.owns(this.hostId, addr, length);
  }

  private take(order: number): number {
    let from = order;
    while (from < CHUNK_ORDER && this.lists[from].length === 0) from++;
    let addr = this.lists[from].pop();
    if (addr === 0) {
      addr = this.claim(1);
      if (addr === NO_ROOM) return 0;
      if (addr === 0) return this.takeBesideZero(order);
    }
    // Keep the low half and shelve the high one, so that addresses come out in ascending order.
    for (let o = from - 1; o >= order; o--) this.lists[o].push(addr + (1 << o));
    this.inUse += 1 << order;
    return addr;
  }

  /** Owner 0 got the chunk at address 0: its first block stays unused, because 0 means "none". */
  private takeBesideZero(order: number): number {
    for (let o = CHUNK_ORDER - 1; o >= MIN_ORDER; o--) this.lists[o].push(1 << o);
    return this.take(order);
  }

  /** Chunks from the arena, or NO_ROOM at the host's limit. */
  private claim(chunks: number): number {
    const bytes = chunks * CHUNK;
    if (this.maxBytes !== 0 && this.claimed + bytes > this.maxBytes) return NO_ROOM;
    const addr = this.arena.claim(this.hostId, bytes);
    this.claimed += bytes;
    return addr;
  }

  private takeRun(chunks: number): number {
    for (let i = 0; i < this.runs.length; i += 2) {
      if (this.runs[i + 1] !== chunks) continue;
      const addr = this.runs[i];
      this.runs.splice(i, 2);
      this.inUse += chunks * CHUNK;
      return addr;
    }
    const addr = this.claim(chunks);
    if (addr === NO_ROOM) return 0;
    this.inUse += chunks * CHUNK;
    return addr;
  }

  private freeRun(addr: number, chunks: number): void {
    const bytes = chunks * CHUNK;
    if (!this.arena.owns(this.hostId, addr, bytes)) throw notOwned(addr, bytes, this.hostId);
    if (addr % CHUNK !== 0) throw new MemoryError('BAD_FREE', `no chunk begins at ${hex(addr)}`);
    this.inUse -= bytes;
    this.runs.push(addr, chunks);
  }
}

function checkSize(bytes: number): void {
  if (!(bytes > 0) || bytes !== Math.trunc(bytes)) throw new MemoryError('BAD_SIZE', `cannot allocate ${bytes} bytes`);
}

/** Smallest order with 2^order >= bytes, at least MIN_ORDER. */
function orderOf(bytes: number): number {
  const order = 32 - Math.clz32(bytes - 1);
  return order < MIN_ORDER ? MIN_ORDER : order;
}

function chunksOf(bytes: number): number {
  return Math.ceil(bytes / CHUNK);
}

function notOwned(addr: number, bytes: number, hostId: number): MemoryError {
  return new MemoryError('NOT_OWNED', `${bytes} bytes at ${hex(addr)} are not memory of host ${hostId}`);
}

function hex(addr: number): string {
  return `0x${(addr >>> 0).toString(16)}`;
}
