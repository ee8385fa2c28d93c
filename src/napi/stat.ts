import { napiDiagnosticNames } from './diagnostics.js';
import type { Softnet } from './softnet.js';

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/**
 * `/proc/net/softnet_stat`: a line per CPU of 15 columns of 8 hex digits: processed, dropped, time_squeeze, five zeros, 0 (was
 * cpu_collision), received_rps, flow_limit_count, backlog length, CPU, input queue length, process queue length.
 */
export function softnet_stat(softnet: Softnet): string {
  let text = '';
  for (const sd of softnet.data) {
    const input = sd.input_pkt_queue.qlen;
    const process = sd.process_queue.qlen;
    const head = [sd.processed, sd.dropped, sd.time_squeeze, 0, 0, 0, 0, 0, 0];
    const tail = [sd.received_rps, sd.flow_limit_count, input + process, sd.cpu.id, input, process];
    text += `${[...head, ...tail].map(hex).join(' ')}\n`;
  }
  return text;
}

/** Drivers' mistakes so far by name (see `napiDiagnosticNames`); those that never occurred are left out. */
export function napi_diagnostics(softnet: Softnet): Record<string, number> {
  const out: Record<string, number> = {};
  for (let i = 0; i < napiDiagnosticNames.length; i++) {
    if (softnet.diagnostics[i] !== 0) out[napiDiagnosticNames[i]] = softnet.diagnostics[i];
  }
  return out;
}
