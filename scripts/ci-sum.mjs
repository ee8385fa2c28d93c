// Adds up the JSON reports of the vitest runs. `node scripts/ci-sum.mjs FAILED_STEPS REPORT...`: the last line printed is
// `N passed, N failed, N skipped`; a step that failed, a report that is missing or has nothing in it, and a
// run marked REPORT.failed without a failed test, count as failures.
// Exit status 1 on any failure, or where a test was skipped in a report named interop*.
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

let passed = 0;
let failed = Number(process.argv[2]);
let skipped = 0;
let slept = false;

for (const file of process.argv.slice(3)) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.log(`${basename(file)}: no report`);
    failed += 1;
    continue;
  }
  const idle = report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded has no test to fail; the run still did.
  const broken = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
  const wrong = report.numFailedTests + broken.length;
  // An error outside every test, a time limit or an empty run: nothing to point at, and not well either.
  const unwell = !report.success || report.numTotalTests === 0 || existsSync(file.replace(/\.json$/, '.failed'));
  const silent = wrong === 0 && unwell ? 1 : 0;
  console.log(`${basename(file)}: ${report.numPassedTests} passed, ${wrong + silent} failed, ${idle} skipped`);
  passed += report.numPassedTests;
  failed += wrong + silent;
  skipped += idle;
  if (idle > 0 && basename(file).startsWith('interop')) slept = true;
}
if (slept) console.log('an interop test was skipped: that is a failure here');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || slept ? 1 : 0;
