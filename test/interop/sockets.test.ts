import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { errnoName } from '../../src/uapi/index.js';
import { runs } from '../support/fc.js';
import { sequence } from './call-arbitraries.js';
import { examples } from './call-examples.js';
import { RealKernel } from './real-kernel.js';
import { type Answer, type Call, normalised, ourAnswers } from './socket-calls.js';

const real = new RealKernel();
afterAll(() => real.close());

/** Each call with its answer, readable in a failure's difference. */
function transcript(calls: readonly Call[], answers: readonly Answer[]): string[] {
  return normalised(answers).map((a, i) => {
    const { result, ...rest } = a;
    return `${JSON.stringify(calls[i])} = ${result < 0 ? errnoName(-result) : result} ${JSON.stringify(rest)}`;
  });
}

/** How often the kernel is asked again: on a busy CPU it may deliver a datagram after the next call has been made. */
const ASKED_AGAIN = 4;

async function compare(calls: readonly Call[]): Promise<void> {
  const { sysctls } = await real.hello;
  const ours = transcript(calls, await ourAnswers(calls, sysctls));
  let theirs = transcript(calls, await real.answers(calls));
  for (let i = 0; i < ASKED_AGAIN && theirs.join() !== ours.join(); i++) {
    theirs = transcript(calls, await real.answers(calls));
  }
  expect(ours).toEqual(theirs);
}

describe('the datagram socket calls and the kernel of this machine', () => {
  it.each(Object.entries(examples))('%s: the same answers', (_name, calls) => compare(calls));

  it('any sequence of calls: the same answers', async () => {
    await fc.assert(fc.asyncProperty(sequence, compare), { numRuns: runs(60, 3000), seed: 20261123 });
  });
});
