// Datagrams per CPU-second through the whole path: sendto, UDP, IP, driver, NIC, wire, NIC, interrupt, NAPI, IP, UDP, recvfrom.
import dgram from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { calibrate, cpuNs, heapBytes, inChild, median, serveCase } from './measure.mjs';
import { awaitedRun, coreRun } from './programs.mjs';

/** Sizes of the mixed cases: from the smallest to a full frame, none a multiple of another. */
const MIXED = [18, 64, 117, 256, 391, 700, 1021, 1400, 1418];
const WARM = 300_000;

/** Quick runs are for checking the bench itself. */
const N = process.env.BENCH_QUICK === '1' ? 30_000 : 300_000;
const RUNS = process.env.BENCH_QUICK === '1' ? 3 : 5;

async function timed(make, options) {
  await make({ ...options, total: process.env.BENCH_QUICK === '1' ? 20_000 : WARM })();
  const rates = [];
  const calibration = [];
  for (let i = 0; i < RUNS; i++) {
    const before = calibrate();
    const run = make({ ...options, total: N });
    const start = cpuNs();
    await run();
    const ns = cpuNs() - start;
    calibration.push((before + calibrate()) / 2);
    rates.push((N / ns) * 1e9);
  }
  return { rates, calibration: median(calibration) };
}

/** Heap growth per datagram, no collection in between (the children get a young generation of 1 GiB). */
async function garbage(make, options) {
  const total = 1_000_000;
  await make({ ...options, total: WARM })();
  const run = make({ ...options, total });
  const before = heapBytes();
  await run();
  return { bytes: (heapBytes() - before) / total };
}

async function kernelLoopback(size) {
  const total = Math.min(N, 100_000);
  const server = dgram.createSocket('udp4');
  const client = dgram.createSocket('udp4');
  await new Promise((resolve) => server.bind(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const data = Buffer.alloc(size, 0x5a);
  let received = 0;
  let sent = 0;
  const start = cpuNs();
  await new Promise((resolve) => {
    // A window of 32 datagrams fits into the default receive buffer: the kernel drops none.
    const more = () => {
      for (let i = 0; i < 16 && sent < total; i++, sent++) client.send(data, port, '127.0.0.1');
    };
    server.on('message', () => {
      if (++received === total) resolve();
      else if (received % 16 === 0) more();
    });
    more();
    more();
  });
  const ns = cpuNs() - start;
  server.close();
  client.close();
  return { rates: [(total / ns) * 1e9], calibration: calibrate() };
}

/** How the receiver is told of frames: one interrupt for each (the wire leaves time between them), or one per 50 us. */
const EACH = { rx_usecs: 0 };
const MODERATED = { rx_usecs: 50 };

export const cases = {
  '64 B, an interrupt per packet': () => timed(coreRun, { sizes: [64], host: EACH }),
  '64 B, rx_usecs 50': () => timed(coreRun, { sizes: [64], host: MODERATED }),
  '1400 B, an interrupt per packet': () => timed(coreRun, { sizes: [1400], host: EACH }),
  '1400 B, rx_usecs 50': () => timed(coreRun, { sizes: [1400], host: MODERATED }),
  'mixed, an interrupt per packet': () => timed(coreRun, { sizes: MIXED, host: EACH }),
  'mixed, rx_usecs 50': () => timed(coreRun, { sizes: MIXED, host: MODERATED }),
  '64 B, lumped costs': () => timed(coreRun, { sizes: [64], costs: 'lumped', host: EACH }),
  '64 B, INTx': () => timed(coreRun, { sizes: [64], host: { ...EACH, interrupts: 'intx' } }),
  'awaited 64 B, an interrupt per packet': () => timed(awaitedRun, { sizes: [64], host: EACH }),
  'awaited 64 B, rx_usecs 50': () => timed(awaitedRun, { sizes: [64], host: MODERATED }),
  '64 B, an interrupt per packet, inlining': () => timed(coreRun, { sizes: [64], host: EACH }),
  '64 B, rx_usecs 50, inlining': () => timed(coreRun, { sizes: [64], host: MODERATED }),
  'node:dgram over the kernel, 64 B': () => kernelLoopback(64),
  'node:dgram over the kernel, 1400 B': () => kernelLoopback(1400),
  'garbage 64 B': () => garbage(coreRun, { sizes: [64], host: EACH }),
  'garbage 1400 B': () => garbage(coreRun, { sizes: [1400], host: EACH }),
  'garbage mixed': () => garbage(coreRun, { sizes: MIXED, host: EACH }),
};

/** Aims of the project, in datagrams per CPU-second at zero costs, and in bytes of garbage per datagram. */
const AIMS = { '64 B': 800_000, '1400 B': 450_000, 'awaited 64 B': 400_000 };
const GARBAGE_AIM = 50;

/** What the rows called "inlining" add to Node's command line: the JIT may inline more into one function than it does by default. */
const INLINING = ['--max-inlined-bytecode-size-cumulative=4000'];

/** The aim of a case is that of the part of its name before the comma; lumped costs, INTx and other settings of the JIT have none. */
function aimOf(name) {
  return /lumped|INTx|inlining/.test(name) ? undefined : AIMS[name.split(',')[0]];
}

export async function report(print) {
  const self = new URL(import.meta.url);
  const base = await inChild(self, 'node:dgram over the kernel, 64 B');
  const large = await inChild(self, 'node:dgram over the kernel, 1400 B');
  print(
    "datagrams per CPU-second (median of the runs), beside Node's dgram over the kernel's loopback in the same run",
  );
  print(
    `${'case'.padEnd(42)}${'k/CPU-s'.padStart(9)}${'worst'.padStart(9)}${'best'.padStart(9)}${'x dgram'.padStart(9)}${'calib ns'.padStart(10)}  aim`,
  );
  for (const name of Object.keys(cases).filter((n) => !n.startsWith('garbage'))) {
    const r = name.includes('kernel')
      ? name.includes('1400')
        ? large
        : base
      : await inChild(self, name, name.endsWith('inlining') ? INLINING : []);
    const kernel = median((name.includes('1400') || name.includes('mixed') ? large : base).rates);
    const m = median(r.rates);
    const k = (x) => (x / 1000).toFixed(0).padStart(9);
    const goal = aimOf(name);
    const aim = goal === undefined ? '' : `${goal / 1000} k: ${m >= goal ? 'met' : 'missed'}`;
    print(
      `${name.padEnd(42)}${k(m)}${k(Math.min(...r.rates))}${k(Math.max(...r.rates))}${(m / kernel).toFixed(1).padStart(9)}${r.calibration.toFixed(0).padStart(10)}  ${aim}`,
    );
  }
  print('');
  print('garbage per datagram over 10^6 datagrams after warm-up');
  for (const name of Object.keys(cases).filter((n) => n.startsWith('garbage'))) {
    const r = await inChild(self, name, ['--max-semi-space-size=1024', '--min-semi-space-size=1024']);
    print(
      `${name.padEnd(42)}${r.bytes.toFixed(1).padStart(9)} B  ${GARBAGE_AIM} B: ${r.bytes <= GARBAGE_AIM ? 'met' : 'missed'}`,
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !(await serveCase(cases)))
  await report((line) => console.log(line));
