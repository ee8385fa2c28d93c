/** NAPI: instances, scheduling and completion, the NET_RX softirq with its limits, the backlog, softnet_stat. No GRO engine yet. */
export * from './constants.js';
export {
  NAPI_DIAG_BAD_WORK,
  NAPI_DIAG_COMPLETE_IDLE,
  NAPI_DIAG_COMPLETED_FULL,
  NAPI_DIAG_NOT_COMPLETED,
  NAPI_DIAG_OVER_BUDGET,
  NAPI_DIAG_WEIGHT,
  NapiError,
  type NapiErrorCode,
  napiDiagnosticNames,
} from './diagnostics.js';
export {
  napi_disable,
  napi_disable_pending,
  napi_disabled,
  napi_enable,
  netif_napi_add,
  netif_napi_del,
} from './enable.js';
export { type NapiPoll, type NapiSteps, NapiStruct } from './napi-struct.js';
export { napi_gro_receive } from './receive.js';
export { __napi_schedule, napi_complete, napi_complete_done, napi_schedule, napi_schedule_prep } from './schedule.js';
export { net_dev_init, Softnet, type SoftnetData } from './softnet.js';
export { napi_diagnostics, softnet_stat } from './stat.js';
