/**
 * softirq: one machine's whole network path, emulated in user space. Two machines, a wire and sockets in ten lines:
 *
 * ```ts
 * const net = createNetwork({ seed: 1 });
 * const a = net.host('a', { addresses: ['10.0.0.1/24'] });
 * const b = net.host('b', { addresses: ['10.0.0.2/24'] });
 * net.wire(a, b, { rate: '1Gbps', delay: '1ms' });
 * ```
 *
 * @packageDocumentation
 */

export {
  type Costs,
  type CpuStats,
  cpu_stats,
  type HostParams,
  loadCostTable,
  lumpedCosts,
  zeroCosts,
} from './cpu/index.js';
export * from './host/index.js';
export { DeadlockError, HorizonError, LivelockError, type RunOptions, type RunResult, SimError } from './sim/index.js';
export * from './sinks/index.js';
export {
  type AsyncProgram,
  type Op,
  OpListProgram,
  type OpResult,
  type PollFd,
  Process,
  type Program,
  type Received,
  type SpawnOptions,
  Sys,
  SysError,
} from './syscalls/index.js';
export {
  AF_INET,
  AF_INET6,
  F_GETFL,
  F_SETFL,
  IPPROTO_ICMP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  O_NONBLOCK,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_BROADCAST,
  SO_ERROR,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  type SockAddr,
  type SockAddrInput,
} from './uapi/index.js';
export {
  corrupt,
  delay,
  drop,
  duplicate,
  EthernetSwitch,
  type Fault,
  Link,
  type LinkOptions,
  RawPort,
  reorder,
  rule,
  type TimedFrame,
  truncate,
} from './wire/index.js';
