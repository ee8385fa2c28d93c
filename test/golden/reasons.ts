import type { Difference } from './replay.js';

/** Why reads at an offset that differ in this way must differ. */
export interface Reason {
  readonly offset: number;
  readonly register: string;
  /** What the other model answered, and what ours does (as unsigned). */
  readonly recorded: number;
  readonly ours: number;
  /** Reads that differ so. */
  readonly reads: number;
  readonly why: string;
}

const RESET =
  'CTRL.RST of that model resets only the MAC address; the chip "resets everything except the configuration space" (82574 datasheet, product features)';
const PADDED =
  'the record counts 11 frames sent (TPT) and 10 in the size classes: a short one is in none; here it is padded to 64 bytes with its CRC (TCTL.PSP) and counted';

/** The most reads and offsets that may differ at all. */
export const MOST_READS = 40;
export const MOST_OFFSETS = 8;

export const REASONS: readonly Reason[] = [
  {
    offset: 0x0000,
    register: 'CTRL',
    recorded: 0x00140245,
    ours: 0x00140241,
    reads: 3,
    why: `${RESET}: GIO master disable (2) is cleared`,
  },
  {
    offset: 0x0000,
    register: 'CTRL',
    recorded: 0x58140245,
    ours: 0x40140245,
    reads: 1,
    why: 'the driver resolves flow control and sets RFCE and TFCE (27, 28) itself (e1000e_config_fc_after_link_up, e1000e_force_mac_fc); that model has set them before',
  },
  { offset: 0x0000, register: 'CTRL', recorded: 0x58140245, ours: 0x00140241, reads: 1, why: RESET },
  { offset: 0x0018, register: 'CTRL_EXT', recorded: 0x10400000, ours: 0, reads: 1, why: RESET },
  { offset: 0x0018, register: 'CTRL_EXT', recorded: 0x91400000, ours: 0, reads: 1, why: RESET },
  {
    offset: 0x0020,
    register: 'MDIC',
    recorded: 0x18260004,
    ours: 0x18260007,
    reads: 1,
    why: 'PHY register 6 after autonegotiation: the partner negotiated (0) and its page was received (1); EXPANSION_NWAY and EXPANSION_LCWP in mii.h of Linux; that model keeps a constant',
  },
  { offset: 0x00c0, register: 'ICR', recorded: 0x81000006, ours: 0, reads: 1, why: RESET },
  { offset: 0x3828, register: 'TXDCTL', recorded: 0x01410000, ours: 0, reads: 1, why: RESET },
  { offset: 0x3828, register: 'TXDCTL', recorded: 0x0141011f, ours: 0, reads: 1, why: RESET },
  { offset: 0x3928, register: 'TXDCTL1', recorded: 0x00400000, ours: 0, reads: 1, why: RESET },
  { offset: 0x3928, register: 'TXDCTL1', recorded: 0x0141011f, ours: 0, reads: 1, why: RESET },
  {
    offset: 0x407c,
    register: 'MPRC',
    recorded: 2,
    ours: 1,
    reads: 1,
    why: 'one multicast came (GPRC is 1); that model counts a frame that the hash table lets pass once there and once more on delivery (e1000x_rx_group_filter; later versions do not)',
  },
  { offset: 0x40d8, register: 'PTC64', recorded: 0, ours: 1, reads: 1, why: PADDED },
];

/** What the table says about a set of differences. */
export interface Verdict {
  /** Differences that no entry explains, and entries that explain another number of reads than they say. */
  readonly faults: string[];
  readonly reads: number;
  readonly offsets: number;
}

function hex(value: number): string {
  return (value >>> 0).toString(16);
}

/** Holds differences against the table: each must have its reason, each reason its differences, and the limits hold. */
export function judge(differences: readonly Difference[], reasons: readonly Reason[] = REASONS): Verdict {
  const faults: string[] = [];
  const explains = (r: Reason, d: Difference): boolean =>
    r.offset === d.offset && r.recorded === d.recorded >>> 0 && r.ours === d.ours >>> 0;
  for (const d of differences) {
    if (reasons.some((r) => explains(r, d))) continue;
    faults.push(`access ${d.access}: ${hex(d.offset)} was ${hex(d.recorded)}, is ${hex(d.ours)}: no reason known`);
  }
  for (const r of reasons) {
    const found = differences.filter((d) => explains(r, d)).length;
    if (found !== r.reads) {
      faults.push(`${r.register} ${hex(r.recorded)} -> ${hex(r.ours)}: ${r.reads} expected, ${found} found`);
    }
  }
  const offsets = new Set(differences.map((d) => d.offset)).size;
  if (differences.length > MOST_READS) faults.push(`${differences.length} reads differ, at most ${MOST_READS} may`);
  if (offsets > MOST_OFFSETS) faults.push(`reads differ at ${offsets} offsets, at most at ${MOST_OFFSETS} they may`);
  return { faults, reads: differences.length, offsets };
}
