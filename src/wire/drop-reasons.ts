/** Why a frame ended on the wire: a fault rule dropped it. The values index the drop counters of ports and switches. */
export const WIRE_DROP_FAULT = 0;
/** The transmit queue of the link was full. */
export const WIRE_DROP_QUEUE = 1;
/** The link was down when the frame was sent, or went down while it was in flight. */
export const WIRE_DROP_DOWN = 2;
/** Nothing is attached to the far end. */
export const WIRE_DROP_NO_STATION = 3;
/** A switch got a frame with a bad frame check sequence. */
export const WIRE_DROP_BAD_FCS = 4;
/** A switch got a frame below 60 bytes (64 with FCS). */
export const WIRE_DROP_RUNT = 5;
/** A switch has no other port to send the frame to, or its destination is reserved for the link itself. */
export const WIRE_DROP_FILTERED = 6;
/** Number of reasons. */
export const WIRE_DROP_REASONS = 7;

/** Names by value. */
export const WIRE_DROP_NAMES: readonly string[] = [
  'WIRE_DROP_FAULT',
  'WIRE_DROP_QUEUE',
  'WIRE_DROP_DOWN',
  'WIRE_DROP_NO_STATION',
  'WIRE_DROP_BAD_FCS',
  'WIRE_DROP_RUNT',
  'WIRE_DROP_FILTERED',
];

/** A plain record of the counters that are not zero, by name. */
export function dropRecord(counters: Float64Array): Record<string, number> {
  const record: Record<string, number> = {};
  for (let reason = 0; reason < counters.length; reason++) {
    if (counters[reason] > 0) record[WIRE_DROP_NAMES[reason]] = counters[reason];
  }
  return record;
}
