// npm run bench [-- udp|hosts|micro]: the figures of README, taken anew. BENCH_QUICK=1 for a short look.
import { report as hosts } from './hosts.mjs';
import { micro } from './micro.mjs';
import { report as udp } from './udp.mjs';

const print = (line) => console.log(line);
const wanted = process.argv.slice(2);
const suites = { udp: () => udp(print), hosts: () => hosts(print), micro };

for (const name of wanted) {
  if (suites[name] === undefined) {
    console.error(`no bench '${name}': ${Object.keys(suites).join(', ')}`);
    process.exit(1);
  }
}
for (const [name, run] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await run();
  print('');
}
