export { E1000Adapter } from './adapter.js';
export { e1000_set_coalesce } from './ethtool/ethtool.js';
export { e1000_get_ethtool_stats } from './ethtool/stats.js';
export {
  E1000Moderation,
  e1000_coalesce_usecs,
  e1000_simple_itr,
  e1000_update_itr,
  itr_of_rate,
  LATENCY_BULK,
  LATENCY_LOW,
  LATENCY_LOWEST,
} from './itr.js';
export { e1000_check_link } from './link.js';
export { e1000e_reinit_locked } from './netdev.js';
export {
  checkRingSize,
  type E1000eModerationOption,
  type E1000eOptions,
  type E1000ePauseOption,
  type E1000eSettings,
  e1000eLinuxDefaults,
} from './options.js';
export { e1000e_resume, e1000e_suspend } from './power.js';
export {
  E1000_DEV_ID_82574L,
  E1000_VENDOR_INTEL,
  E1000eDriver,
  type E1000eHost,
  e1000_probe,
  e1000_remove,
} from './probe.js';
export { e1000_hash_mc_addr } from './rx-mode.js';
