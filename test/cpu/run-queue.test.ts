import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Task } from '../../src/cpu/index.js';
import { RunQueue } from '../../src/cpu/run-queue.js';
import { runs } from '../support/fc.js';
import { machine, Script } from './support.js';

describe('run queue', () => {
  it('any mix of adding and taking: as a stably sorted list', () => {
    const set = machine();
    const body = new Script(() => 0);
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(9)), { maxLength: 60 }), (ops) => {
        const queue = new RunQueue();
        const model: Task[] = [];
        let pid = 0;
        for (const vruntime of ops) {
          if (vruntime === null) {
            model.sort((a, b) => a.vruntime - b.vruntime);
            expect(queue.take()).toBe(model.shift() ?? null);
          } else {
            const task = new Task(0, ++pid, 't', set.cpus[0], body);
            task.vruntime = vruntime;
            model.push(task);
            queue.add(task);
          }
          expect(queue.size).toBe(model.length);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});
