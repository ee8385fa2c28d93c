export { E1000Adapter } from './adapter.js';
export { e1000_check_link } from './link.js';
export { e1000_set_coalesce } from './netdev.js';
export { checkRingSize, type E1000eOptions, type E1000eSettings } from './options.js';
export {
  E1000_DEV_ID_82574L,
  E1000_VENDOR_INTEL,
  E1000eDriver,
  type E1000eHost,
  e1000_probe,
  e1000_remove,
} from './probe.js';
export { e1000_hash_mc_addr } from './rx-mode.js';
export { e1000_get_ethtool_stats } from './stats.js';
