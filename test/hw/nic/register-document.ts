import { ACCESS_TEXT, type Access, type RegisterRow } from '../../../src/hw/nic/registers/row.js';
import { REGISTER_GROUPS } from '../../../src/hw/nic/registers/table.js';

const INTRO = `# Registers of the 82574L

Generated from the register table in \`src/hw/nic/registers\`; a test fails when it is out of date
(\`UPDATE_DOCS=1 npx vitest run test/hw/nic\` writes it anew).

Sources: offsets and names from Linux' \`drivers/net/ethernet/intel/e1000e/regs.h\`; reset values read from QEMU's model of
this chip and from what the Linux driver finds there; behaviour of the counters, the delay timers and the transmit FIFO from the
datasheet of the sibling 82583V and Intel's software developer's manuals. The datasheet of the 82574L itself was not read:
masks follow the fields that drivers use (all bits where no list was found), and the reset values of VET, PBS, PSRCTL and
EEMNGCTL are unverified.

An access to an offset that is not listed reads 0, writes nothing and is counted (\`nic.file.unknownRegister\`,
\`nic.file.unknown\`).
`;

const NOTES = `## Behaviour in short

- **Receive.** Filter, length and CRC are judged on arrival; what passes waits in a FIFO of PBA KiB. No free descriptor
  (RDH = RDT) counts in RNBC and the frame waits; a full FIFO counts in MPC and raises RXO. Good frames of 14 to 59 bytes are
  taken as not padded by their sender and filled up to 60; shorter ones count in RUC. Frames above 1522 bytes with CRC
  need RCTL.LPE, 9234 is the limit. A frame that even a whole ring of buffers could not hold is missed.
- **Descriptors** are prefetched, up to 64 at a time, and written back one by one right after their data.
- **Transmit.** Up to 32 packets are read at once, straight into wire frames; they leave in order. A packet that asks for TCP
  segmentation or VLAN insertion, is empty, too long or malformed is not sent: its descriptors complete, and NIC_TX_ABORT
  counts it (\`nic.txErrors\` says why). While the link is down, CTRL.GIO_MASTER_DISABLE is set or TCTL.EN is clear, frames
  wait and their descriptors do not complete.
- **Interrupts.** The request is (ICR & IMS) != 0. MSI: one message when the request rises; INTx: the level follows it.
  With ITR the first interrupt is immediate and opens a window; one that comes within it is held back to its end. Whether
  that one opens a window in its turn (Intel's 82575 manual) or not (measured on QEMU's model; the default) is the option
  \`strictInterruptGap\`.
- **Checksums.** An unsupported packet has none of IPCS, TCPCS, UDPCS; TCPCS stands for TCP and UDP, UDPCS for UDP.
  The packet checksum of legacy descriptors is made over all that is stored.

## Where it differs from QEMU's model

- ITR has no lower limit. The delay timers run under MSI too.
- A frame without a descriptor waits in the FIFO instead of being dropped.
- BMSR shows the link from the start if the wire has a carrier.
- The packet checksum of legacy descriptors is filled in.
- CTRL.RST resets every register.
`;

function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).padStart(digits, '0');
}

function line(r: RegisterRow): string {
  const end = r.offset + (r.count - 1) * r.stride;
  const offset = r.count > 1 ? `${hex(r.offset, 5)}-${hex(end, 5)}` : hex(r.offset, 5);
  const name = r.count > 1 ? `${r.name}[${r.count}]` : r.name;
  const how = r.storedOnly ? 'stored only' : '';
  return `| ${offset} | ${name} | ${r.access} | ${hex(r.reset, 8)} | ${hex(r.mask, 8)} | ${how} | ${r.text} |`;
}

/** The register document in Markdown, made of the table. */
export function registerDocument(): string {
  const out: string[] = [INTRO, '## Access classes', '', '| class | meaning |', '|---|---|'];
  for (const access of Object.keys(ACCESS_TEXT) as Access[]) out.push(`| ${access} | ${ACCESS_TEXT[access]} |`);
  for (const group of REGISTER_GROUPS) {
    out.push(
      '',
      `## ${group.title}`,
      '',
      '| offset | name | access | reset | mask | | what |',
      '|---|---|---|---|---|---|---|',
    );
    for (const r of group.rows) out.push(line(r));
  }
  out.push('', NOTES);
  return out.join('\n');
}
