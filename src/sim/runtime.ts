/** The one place that touches the platform's clock and task queue; everything else is handed a Runtime. */

/** What run() needs of the platform. */
export interface Runtime {
  /** Resolves in a later macrotask, after pending I/O callbacks had their turn. */
  macrotask(): Promise<void>;
  /** A monotonic wall clock in ns; only differences mean something. */
  now_ns(): number;
  /** Resolves after about `ns`, or at once when `signal` aborts. Never rejects. */
  sleep(ns: number, signal: AbortSignal): Promise<void>;
}

/** setImmediate where there is one (Node), else a MessageChannel: browsers clamp nested setTimeout(0) to 4 ms. */
function macrotask(): Promise<void> {
  const host = globalThis as { setImmediate?: (f: () => void) => unknown };
  const { setImmediate } = host;
  if (setImmediate !== undefined) return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(0);
  });
}

function now_ns(): number {
  return Math.floor(performance.now() * 1e6);
}

function sleep(ns: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // Timers take 1 .. 2^31 - 1 whole ms; run() looks again when a sleep ends early.
    const timer = setTimeout(done, Math.min(2147483647, Math.max(1, Math.floor(ns / 1e6))));
    signal.addEventListener('abort', done);
  });
}

/** The Runtime of the platform the library runs on. */
export function defaultRuntime(): Runtime {
  return { macrotask, now_ns, sleep };
}
