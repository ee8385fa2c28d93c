/** What hangs on one end of a link: a NIC, a switch port, a raw port. */
export interface WireStation {
  /**
   * The last bit of a frame has arrived. The station gets one reference and must `unref` it (or send it on).
   * The frame is immutable: other references to the same bytes may exist.
   */
  frameArrived(frame: number): void;
  /** The carrier of the link came or went. */
  linkChanged(up: boolean): void;
}

/** Direction of a link: from its `a` end to its `b` end, or back. */
export type LinkDirection = 'a->b' | 'b->a';

/** Tap point: the frame as its sender put it on the wire, before any fault. */
export const TAP_SENT = 0;
/** Tap point: the frame as the far end gets it, after all faults. */
export const TAP_DELIVERED = 1;

/** Listener on a link. An object (not a closure), so that a cloned network has its own. */
export interface WireTap {
  /**
   * One frame passes. `frame` is borrowed for the call: who keeps it takes a reference with `pool.ref`.
   * `time[0]` is the instant in ns: of the first bit for TAP_SENT (it may lie ahead of the clock while the frame waits
   * for the line), of the last bit for TAP_DELIVERED. `direction` is 0 for a->b, 1 for b->a.
   */
  tapped(point: number, direction: number, frame: number, time: Float64Array): void;
}
