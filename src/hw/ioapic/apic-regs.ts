/*
 * Registers of the local APIC and the IO-APIC. Offsets and bits of the local APIC: Intel SDM vol. 3A, table "Local APIC
 * Register Address Map", under the names of Linux' apicdef.h. IO-APIC: 82093AA datasheet, chapter 3.
 * Sections of the SDM are cited in this room by the numbers of edition 253668-032, in which the APIC is chapter 10.
 */

/** Delivery modes, the same code in redirection entries, messages, local vectors and interprocessor interrupts. */
export const DELIVERY_FIXED = 0;
export const DELIVERY_LOWEST_PRIORITY = 1;
export const DELIVERY_SMI = 2;
export const DELIVERY_NMI = 4;
export const DELIVERY_INIT = 5;
/** Start-up: interprocessor interrupts only. */
export const DELIVERY_STARTUP = 6;
/** External interrupt: a controller of the 8259A kind gives the vector. Not for interprocessor interrupts. */
export const DELIVERY_EXTINT = 7;

/** Trigger modes of an interrupt message. */
export const TRIGGER_EDGE = 0;
export const TRIGGER_LEVEL = 1;

/** Vectors 0..15 are reserved (SDM 10.9.4): a message with one is an error. */
export const FIRST_VECTOR = 16;
/** The destination that is everyone, physical or logical. */
export const DEST_ALL = 0xff;

export const APIC_ID = 0x20;
export const APIC_LVR = 0x30;
/** Version register: this local APIC can be told not to broadcast its EOIs. */
export const APIC_LVR_DIRECTED_EOI = 0x01000000;
export const APIC_TASKPRI = 0x80;
export const APIC_ARBPRI = 0x90;
export const APIC_PROCPRI = 0xa0;
export const APIC_EOI = 0xb0;
export const APIC_RRR = 0xc0;
export const APIC_LDR = 0xd0;
export const APIC_DFR = 0xe0;
export const APIC_SPIV = 0xf0;
export const APIC_SPIV_APIC_ENABLED = 0x100;
export const APIC_SPIV_FOCUS_DISABLED = 0x200;
export const APIC_SPIV_DIRECTED_EOI = 0x1000;
export const APIC_ISR = 0x100;
export const APIC_TMR = 0x180;
export const APIC_IRR = 0x200;
export const APIC_ESR = 0x280;
export const APIC_ESR_SENDILL = 0x20;
export const APIC_ESR_RECVILL = 0x40;
export const APIC_ESR_ILLREGA = 0x80;
export const APIC_ICR = 0x300;
export const APIC_DEST_SELF = 0x40000;
export const APIC_DEST_ALLINC = 0x80000;
export const APIC_DEST_ALLBUT = 0xc0000;
export const APIC_INT_LEVELTRIG = 0x8000;
export const APIC_INT_ASSERT = 0x4000;
export const APIC_DEST_LOGICAL = 0x800;
export const APIC_ICR2 = 0x310;
export const APIC_LVTT = 0x320;
export const APIC_LVTTHMR = 0x330;
export const APIC_LVTPC = 0x340;
export const APIC_LVT0 = 0x350;
export const APIC_LVT1 = 0x360;
export const APIC_LVTERR = 0x370;
export const APIC_SEND_PENDING = 0x1000;
export const APIC_INPUT_POLARITY = 0x2000;
export const APIC_LVT_REMOTE_IRR = 0x4000;
export const APIC_LVT_LEVEL_TRIGGER = 0x8000;
export const APIC_LVT_MASKED = 0x10000;
export const APIC_LVT_TIMER_PERIODIC = 0x20000;
export const APIC_TMICT = 0x380;
export const APIC_TMCCT = 0x390;
export const APIC_TDCR = 0x3e0;

/** Offsets in the IO-APIC's register page: index, data, and the EOI register of version 0x20. */
export const IOREGSEL = 0x00;
export const IOWIN = 0x10;
export const IOEOI = 0x40;
/** IO-APIC registers behind the index. */
export const IOAPICID = 0x00;
export const IOAPICVER = 0x01;
export const IOAPICARB = 0x02;
export const IOREDTBL = 0x10;

/** Bits of the low word of a redirection entry (82093AA datasheet, 3.2.4). */
export const REDIR_MODE = 0x0700;
export const REDIR_DEST_LOGICAL = 0x0800;
export const REDIR_SEND_PENDING = 0x1000;
export const REDIR_ACTIVE_LOW = 0x2000;
export const REDIR_REMOTE_IRR = 0x4000;
export const REDIR_LEVEL = 0x8000;
export const REDIR_MASKED = 0x10000;
