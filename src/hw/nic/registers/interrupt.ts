import { ALL, type RegisterRow, row } from './row.js';

/** Causes of ICR, IMS, IMC, ICS and IAM that this chip has. */
export const CAUSE_MASK = 0x01f782d7;

/** Interrupt causes, masks and moderation. */
export const INTERRUPT_ROWS: readonly RegisterRow[] = [
  row(
    0x00c0,
    'ICR',
    'W1C',
    0,
    CAUSE_MASK,
    'Interrupt Cause; a read clears all and auto-masks, bit 31 INT_ASSERTED = (ICR & IMS) is not 0',
    {
      effect: true,
    },
  ),
  row(0x00c4, 'ITR', 'RW', 0, 0x0000ffff, 'Interrupt Throttling, units of 256 ns, 0 = off', { effect: true }),
  row(0x00c8, 'ICS', 'WO', 0, CAUSE_MASK, 'Interrupt Cause Set', { effect: true }),
  row(0x00d0, 'IMS', 'WS', 0, CAUSE_MASK, 'Interrupt Mask Set/Read', { effect: true }),
  row(0x00d8, 'IMC', 'WO', 0, CAUSE_MASK, 'Interrupt Mask Clear', { effect: true }),
  row(0x00dc, 'EIAC', 'RW', 0, 0x01f00000, 'Extended Interrupt Auto Clear (MSI-X)', { stored: true }),
  row(0x00e0, 'IAM', 'RW', 0, ALL, 'Interrupt Acknowledge Auto Mask, used with CTRL_EXT.IAME'),
  row(0x00e4, 'IVAR', 'RW', 0, 0x800fffff, 'Interrupt Vector Allocation (MSI-X)', { stored: true }),
  row(0x00e8, 'EITR', 'RW', 0, 0x0000ffff, 'Extended Interrupt Throttle (MSI-X)', { count: 5, stored: true }),
];
