/** What becomes of a trace: text, JSON lines, Perfetto, pcapng, SVG, and the way of one packet. */
export { type CaptureNames, PcapngCapture } from './capture.js';
export { deliveredJourneys, formatJourney, journeyStations } from './journey.js';
export { type PerfettoOptions, PerfettoSink } from './perfetto.js';
export { CONTEXT_NAMES, readRecord, recordArgs, TraceCollector, type TraceRecord } from './record.js';
export { LANES, type Station } from './station.js';
export { journeySvg } from './svg.js';
export { formatRecord, JsonLinesSink, type LineWriter, TextSink } from './text.js';
