import { ICR_ACK, ICR_LSC, ICR_MDAC, ICR_MNG, ICR_RXO, ICR_SRPD } from './bits.js';
import { ALL, type RegisterRow, row } from './row.js';

/**
 * Causes of ICR, IMS, IMC, ICS and IAM. Nothing raises RXSEQ (3) in a chip with an internal PHY, yet software may by ICS:
 * Linux' e1000e tests the delivery of MSI with it.
 */
export const CAUSE_MASK = 0x01f782df;
/** Causes that also set OTHER (bit 24) while MSI-X is enabled. */
export const OTHER_CAUSES: number = ICR_LSC | ICR_RXO | ICR_MDAC | ICR_SRPD | ICR_ACK | ICR_MNG;

const effect = { effect: true };

/** Interrupt causes, masks and moderation. */
export const INTERRUPT_ROWS: readonly RegisterRow[] = [
  row(
    0x00c0,
    'ICR',
    'W1C',
    0,
    CAUSE_MASK,
    'Interrupt Cause; a read clears all and auto-masks (with MSI-X only if bit 31 is set or IMS is 0), bit 31 INT_ASSERTED = (ICR & IMS) is not 0',
    effect,
  ),
  row(0x00c4, 'ITR', 'RW', 0, 0x0000ffff, 'Interrupt Throttling (INTx, MSI), units of 256 ns, 0 = off', effect),
  row(0x00c8, 'ICS', 'WO', 0, CAUSE_MASK, 'Interrupt Cause Set', effect),
  row(0x00d0, 'IMS', 'WS', 0, CAUSE_MASK, 'Interrupt Mask Set/Read', effect),
  row(0x00d8, 'IMC', 'WO', 0, CAUSE_MASK, 'Interrupt Mask Clear', effect),
  row(
    0x00dc,
    'EIAC',
    'RW',
    0,
    0x01f00000,
    'Extended Interrupt Auto Clear: causes that an MSI-X message takes out of ICR and, without CTRL_EXT.IAME, out of IMS',
  ),
  row(
    0x00e0,
    'IAM',
    'RW',
    0,
    ALL,
    'Interrupt Acknowledge Auto Mask: causes to mask at an access to ICR (CTRL_EXT.IAME) or with their MSI-X message (EIAME)',
  ),
  row(
    0x00e4,
    'IVAR',
    'RW',
    0,
    0x800fffff,
    'Interrupt Vector Allocation: nibbles RXQ0, RXQ1, TXQ0, TXQ1, OTHER, bit 3 valid; bit 31 interrupts at every transmit write-back',
    effect,
  ),
  row(0x00e8, 'EITR', 'RW', 0, 0x0000ffff, 'Extended Interrupt Throttle of an MSI-X vector, units of 256 ns, 0 = off', {
    count: 5,
    effect: true,
  }),
  row(0x5b68, 'PBACL', 'WO', 0, 0x0000001f, 'MSI-X PBA Clear: a one forgets the pending message of its vector', effect),
];
