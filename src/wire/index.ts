/** The wire: frames, links with rate, delay and faults, taps, a switch, and a port for raw frames. */
export {
  BitClock,
  CLOCK_FREE,
  CLOCK_LAST_BIT,
  CLOCK_START,
  FCS_BYTES,
  GAP_BYTES,
  MIN_FRAME_BYTES,
  mediumBytes,
  PREAMBLE_BYTES,
} from './bit-clock.js';
export * from './drop-reasons.js';
export { WireError, type WireErrorCode } from './error.js';
export type { FaultCount } from './fault-chain.js';
export type { FaultContext } from './fault-context.js';
export type { Fault, FaultFunction, FaultRule, FaultSelector } from './fault-rule.js';
export {
  type CorruptOptions,
  corrupt,
  type DelayOptions,
  type DuplicateOptions,
  delay,
  drop,
  duplicate,
  type FcsChoice,
  type ReorderOptions,
  reorder,
  rule,
  type TruncateOptions,
  truncate,
} from './faults.js';
export { FRAME_BAD_FCS, FRAME_MAX_LENGTH, FramePool, type FramePoolOptions } from './frame-pool.js';
export { Link, type LinkOptions, type QueueLimit } from './link.js';
export { WirePort, type WirePortStats } from './port.js';
export { type RawFrame, RawPort, type RawPortOptions, type TimedFrame } from './raw-port.js';
export { FrameRecorder, type RecordedFrame, type RecordPoint } from './recorder.js';
export * from './station.js';
export { EthernetSwitch, type SwitchOptions, type SwitchStats } from './switch.js';
