export { IrqAction, type IrqHandler } from './action.js';
export { irq_can_set_affinity, irq_can_set_affinity_usr, irq_set_affinity, irq_set_affinity_hint } from './affinity.js';
export * from './constants.js';
export { IrqCore } from './core.js';
export { type IrqChip, IrqDesc } from './desc.js';
export { disable_hardirq, disable_irq, disable_irq_nosync, enable_irq } from './enable.js';
export { generic_handle_irq } from './flow.js';
export { free_irq } from './free.js';
export { request_irq, request_threaded_irq } from './manage.js';
export {
  handle_nested_irq,
  irq_clear_status_flags,
  irq_set_chip_and_handler,
  irq_set_irq_type,
  irq_set_nested_thread,
  irq_set_status_flags,
} from './nested.js';
export { free_nmi, request_nmi } from './nmi.js';
export { type InterruptRow, interrupt_rows, proc_interrupts } from './proc.js';
export { format_cpulist, format_cpumask, parse_cpumask, proc_irq_read, proc_irq_write } from './proc-irq.js';
export type { IrqAffinity, IrqAffinityDesc } from './spread.js';
export { synchronize_hardirq, synchronize_irq } from './sync.js';
export { irq_wake_thread } from './thread.js';
