export type { Net, NetDevice } from '../../skbuff/index.js';
export { IFF_BROADCAST, IFF_LOOPBACK, IFF_UP } from '../../uapi/index.js';
