/** Files: wait queues now; vfs, pipes and FIFOs stand on them. */
export { WaitQueueEntry, WaitQueueHead, type WaitSleeper } from './wait-queue.js';
