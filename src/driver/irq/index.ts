export * from './constants.js';
export { IrqCore } from './core.js';
export { type IrqAction, type IrqChip, IrqDesc, type IrqHandler } from './desc.js';
export { generic_handle_irq } from './flow.js';
export { disable_irq, enable_irq, free_irq, irq_set_affinity, request_irq } from './manage.js';
export { type InterruptRow, interrupt_rows, proc_interrupts } from './proc.js';
