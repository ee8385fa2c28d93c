/** Flags of `request_irq` (include/linux/interrupt.h). */
export const IRQF_TRIGGER_NONE = 0;
export const IRQF_TRIGGER_RISING = 0x1;
export const IRQF_TRIGGER_FALLING = 0x2;
export const IRQF_TRIGGER_HIGH = 0x4;
export const IRQF_TRIGGER_LOW = 0x8;
export const IRQF_TRIGGER_MASK = 0xf;
export const IRQF_SHARED = 0x80;
export const IRQF_PROBE_SHARED = 0x100;
export const IRQF_PERCPU = 0x400;
export const IRQF_NOBALANCING = 0x800;
export const IRQF_IRQPOLL = 0x1000;
export const IRQF_ONESHOT = 0x2000;
export const IRQF_NO_SUSPEND = 0x4000;
export const IRQF_NO_THREAD = 0x10000;
export const IRQF_COND_SUSPEND = 0x40000;
export const IRQF_NO_AUTOEN = 0x80000;
export const IRQF_COND_ONESHOT = 0x200000;

/** What a handler returns (`irqreturn_t`): not my device; handled; wake the thread. */
export const IRQ_NONE = 0;
export const IRQ_HANDLED = 1;
export const IRQ_WAKE_THREAD = 2;

/** An interrupt number that stands for "not wired". */
export const IRQ_NOTCONNECTED: number = 1 << 31;

/**
 * How an interrupt flows: acknowledged first (edge, MSI); ended after the handlers (level through the IO-APIC); masked and
 * acknowledged, then unmasked (level through a simple controller); of one CPU, never masked; none set yet.
 */
export const FLOW_EDGE = 0;
export const FLOW_FASTEOI = 1;
export const FLOW_LEVEL = 2;
export const FLOW_PERCPU = 3;
export const FLOW_BAD = 4;
/** As /proc/interrupts prints them. */
export const flowNames: readonly string[] = ['edge', 'fasteoi', 'level', 'percpu', ''];

/** Bits of `IrqDesc.state`: IRQS_* is the core's view, IRQD_* what Linux keeps with the interrupt's data. */
export const IRQS_PENDING = 0x1;
export const IRQS_INPROGRESS = 0x2;
export const IRQS_DISABLED = 0x4;
export const IRQS_MASKED = 0x8;
export const IRQS_STARTED = 0x10;
export const IRQS_SPURIOUS_DISABLED = 0x20;
export const IRQS_REPLAY = 0x40;
export const IRQS_ONESHOT = 0x80;
export const IRQS_POLL_INPROGRESS = 0x100;
export const IRQS_NMI = 0x200;
export const IRQD_AFFINITY_SET = 0x400;
export const IRQD_AFFINITY_MANAGED = 0x800;
export const IRQD_SETAFFINITY_PENDING = 0x1000;
export const IRQD_PER_CPU = 0x2000;
export const IRQD_NO_BALANCING = 0x4000;

/** Settings of a line, changed by `irq_set_status_flags`; names are the kernel's, values unverified. */
export const IRQ_NOREQUEST = 0x800;
export const IRQ_NOAUTOEN = 0x1000;
export const IRQ_NESTED_THREAD = 0x8000;
export const IRQ_PER_CPU_DEVID = 0x20000;
export const IRQ_IS_POLLED = 0x40000;
export const IRQ_DISABLE_UNLAZY = 0x80000;

/** Bits of `IrqChip.flags`: one message per event, so a thread needs no mask; can deliver NMIs. Names are the kernel's, values unverified. */
export const IRQCHIP_ONESHOT_SAFE = 0x20;
export const IRQCHIP_SUPPORTS_NMI = 0x100;
/** Ours: a controller behind another one. Its interrupts take no CPU vector; they come by `generic_handle_irq`. */
export const IRQCHIP_NO_VECTOR = 0x10000;

/** First vector given to devices, and the first above them; lower ones are exceptions, 0x80 is the system call gate. */
export const FIRST_DEVICE_VECTOR = 0x21;
export const LAST_DEVICE_VECTOR = 0xeb;
export const SYSCALL_VECTOR = 0x80;
/** The local APIC gives this one when it has nothing to give; it takes no EOI. */
export const SPURIOUS_APIC_VECTOR = 0xff;
/** Interrupt numbers below are IO-APIC pins (number = global system interrupt); MSIs follow. */
export const NR_GSIS = 24;
/** Sharers of one line that may be ONESHOT: the bits of a `thread_mask`. */
export const MAX_ONESHOT_SHARERS = 64;
