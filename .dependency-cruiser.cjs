// The rooms of src and what each may import (DESIGN §1). Between rooms only index.ts is seen; within a room anything goes.
// `bytes` is open to every room but the three leaves; `uapi` holds constants of the user API, so hardware may not see it.

const hwMemory = 'hw/memory';
const pcie = 'hw/pcie';
const msi = 'hw/msi';
const stack = ['skbuff', 'sim', 'uapi', 'bytes'];
const protoLower = [
  'proto/core',
  'proto/sock',
  'proto/ethernet',
  'proto/neigh',
  'proto/arp',
  'proto/route',
  'proto/loopback',
];
const ip = ['proto/ipv4', 'proto/ipv6'];
const proto = [...protoLower, ...ip, 'proto/udp', 'proto/tcp'];
const hw = [hwMemory, pcie, msi, 'hw/ioapic', 'hw/nic'];
const below = [
  'bytes',
  'uapi',
  'sim',
  'cpu',
  'wire',
  'hw',
  ...hw,
  'skbuff',
  'napi',
  'driver',
  'proto',
  ...proto,
  'fs',
  'syscalls',
];
const everything = [...below, 'pcap', 'sinks', 'host', '.'];

/** Room (a folder below src; the innermost listed folder owns a file) → the rooms whose index.ts it may import. */
const ROOMS = {
  bytes: [],
  uapi: [],
  sim: ['bytes'],
  cpu: ['sim', 'bytes'],
  wire: ['sim', 'bytes'],
  pcap: ['bytes'],
  [hwMemory]: ['sim', 'bytes'],
  [pcie]: [hwMemory, 'sim', 'bytes'],
  [msi]: [pcie, 'cpu', 'sim', 'bytes'],
  'hw/ioapic': [pcie, 'cpu', 'sim', 'bytes'],
  'hw/nic': [pcie, msi, 'wire', 'sim', 'bytes'],
  hw,
  skbuff: [hwMemory, 'sim', 'uapi', 'bytes'],
  napi: ['cpu', ...stack],
  driver: [pcie, 'napi', 'cpu', ...stack],
  ...Object.fromEntries(protoLower.map((room) => [room, [...protoLower, ...ip, ...stack].filter((r) => r !== room)])),
  'proto/ipv4': [...protoLower, 'proto/ipv6', ...stack],
  'proto/ipv6': [...protoLower, 'proto/ipv4', ...stack],
  'proto/udp': [...protoLower, ...ip, ...stack],
  'proto/tcp': [...protoLower, ...ip, ...stack],
  proto: [...proto, ...stack],
  fs: ['sim', 'uapi', 'bytes'],
  syscalls: ['proto', 'fs', 'cpu', 'sim', 'uapi', 'bytes'],
  // A capture has an interface per tap point (DESIGN §10), and the taps are the wire's; drop reasons have their names in skbuff.
  sinks: ['wire', 'skbuff', 'proto', ...proto, 'pcap', 'sim', 'uapi', 'bytes'],
  host: [...below, 'pcap', 'sinks'],
  'apps/http': ['syscalls', 'uapi', 'bytes'],
  'apps/httpd': ['apps/http', 'syscalls', 'uapi', 'bytes'],
  'apps/nginx': ['apps/http', 'apps/httpd', 'syscalls', 'uapi', 'bytes'],
  'apps/wsgi': ['apps/http', 'apps/httpd', 'apps/nginx', 'syscalls', 'uapi', 'bytes'],
  'apps/asgi': ['apps/http', 'apps/httpd', 'apps/nginx', 'apps/wsgi', 'syscalls', 'uapi', 'bytes'],
  testing: everything,
  lab: everything,
  node: everything,
  cli: [...everything, 'node', 'lab', 'testing'],
  '.': [...below, 'pcap', 'sinks', 'host'],
};

/** Rooms that may touch Node: all others run in a browser. */
const NODE_ROOMS = ['node', 'cli'];

/** Pattern of the files that belong to `room` itself, not to a room inside it. */
function filesOf(room) {
  if (room === '.') return { path: '^src/[^/]+$' };
  const inner = Object.keys(ROOMS).filter((other) => other.startsWith(`${room}/`));
  const pathNot = inner.map((other) => `^src/${other}/`);
  return pathNot.length === 0 ? { path: `^src/${room}/` } : { path: `^src/${room}/`, pathNot };
}

/** Patterns of what `room` may see of the rooms it may import. */
function seenBy(room) {
  const indexes = ROOMS[room].map((other) => (other === '.' ? '^src/index\\.ts$' : `^src/${other}/index\\.ts$`));
  const own = room === '.' ? '^src/[^/]+$' : `^src/${room}/`;
  const inner = Object.keys(ROOMS).filter((other) => other.startsWith(`${room}/`));
  if (inner.length === 0) return [own, ...indexes];
  return [`^src/${room}/(?!(?:${inner.map((other) => other.slice(room.length + 1)).join('|')})/)`, ...indexes];
}

const roomRules = Object.keys(ROOMS).map((room) => ({
  name: `room:${room}`,
  comment: `src/${room} may import only: ${ROOMS[room].join(', ') || 'nothing'}; other rooms through index.ts`,
  severity: 'error',
  from: filesOf(room),
  to: { path: '^src/', pathNot: seenBy(room) },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'no-cycles',
      comment:
        'a cycle of which every edge exists at run time; `import type` is erased and may close a circle of types',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-without-node',
      comment: 'only src/node and src/cli may import node:*',
      severity: 'error',
      from: { path: '^src/', pathNot: NODE_ROOMS.map((room) => `^src/${room}/`) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-packages',
      comment: 'the library has no run-time dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules' },
    },
    {
      name: 'only-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { pathNot: '^src/', dependencyTypesNot: ['core'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
