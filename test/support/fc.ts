/** Number of property runs: `quick` in the ordinary suite, `full` (default 20 times as many) under `npm run test:full`. */
export function runs(quick: number, full: number = quick * 20): number {
  return process.env['SOFTIRQ_TEST_FULL'] === '1' ? full : quick;
}
