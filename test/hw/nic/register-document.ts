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
- **Filters.** Addresses as RCTL, RAL/RAH and MTA say, then VLAN: with VFE a tag of type VET needs its bit in VFTA, with CFIEN
  also the CFI bit of RCTL. With SBP frames of a wrong length or CRC are stored too. MAC control frames (type FCT, to FCAL/FCAH or the
  station): PAUSE counts in XOFFRXC or XONRXC and goes on to the filters unless DPF is set; other opcodes count in FCRUC and are
  kept unless PMCF is set.
- **Queues.** RSS works with MRQC 1:0 = 01, extended descriptors and PCSD; bit 7 of an entry of RETA is the queue. A frame for a
  ring without descriptors holds up those behind it: there is one FIFO. Two transmit rings take turns, TARC.COUNT packets each.
- **Descriptors** are prefetched, up to 64 at a time, and written back one by one right after their data. With WTHRESH above
  one descriptor they are held (at most 32): those of the receiver while RDTR is not 0, until there are enough, a timer expires, or
  another cause interrupts; those of the transmitter until there are enough, TIDV expires, or FPD is written. Receive
  descriptors without a buffer address are given back with DD; not with packet split.
- **Packet split** (DTYP 01 with EXTEN): the headers up to TCP or UDP go to buffer 0 if that can hold them, else the packet fills
  the buffers one after the other.
- **Transmit.** Up to 32 packets of a queue are read at once, straight into wire frames; they leave in order. Each queue keeps its
  own context. Segmentation reads the headers once; HDRLEN + PAYLEN must be the length of the data, MSS more than 16, and
  IPCSS, TUCSS within the headers, or TSCTFC counts it. A packet that is empty, too long or malformed is not sent: its
  descriptors complete, and NIC_TX_ABORT counts it (\`nic.txErrors\` says why); so it does a frame on chip that a write to
  TDBAL, TDBAH, TDLEN, TDH or a reset forgets. While the link is down, CTRL.GIO_MASTER_DISABLE is set or TCTL.EN is clear,
  frames wait and their descriptors do not complete.
- **Bus mastering off** (PCI Command): frames that come wait in the receive FIFO as without descriptors; what does not fit is missed (MPC).
  When it is on again they are stored. Data to send cannot be read: NIC_DMA_ABORT counts it.
- **Flow control.** With RFCE or TFCE frames are handed to the wire one by one, so that PAUSE stops all but the one on the line; a
  quantum is 512 bit times of the wire (of 1 Gb/s if that has no rate). XOFF is sent when the receive FIFO reaches FCRTH, and again
  for a frame that comes while it is still that full and the pause has run out; XON below FCRTL.
- **Interrupts.** With INTx and MSI the request is (ICR & IMS) != 0. MSI: one message when the request rises; INTx: the
  level follows it. With MSI-X the causes RXQ0, RXQ1, TXQ0, TXQ1 and OTHER request each for itself, go to their vectors by
  IVAR, and are cleared and masked with their message as EIAC, IAM and CTRL_EXT say; LSC, RXO, MDAC, SRPD, ACK and MNG
  also set OTHER, and the write-backs of a queue raise its own cause instead of RXT0 or TXDW.
  With ITR (EITR of the vector under MSI-X) the first interrupt is immediate and opens a window; one that comes within it
  is held back to its end. Whether that one opens a window in its turn (Intel's 82575 manual) or not (measured on QEMU's
  model; the default) is the option \`strictInterruptGap\`.
- **PHY.** Registers 0 to 15 are those of IEEE 802.3 clause 22, the same in all pages; register 22 chooses the page of the
  others, register 31 does it times 32; page 800 is reached through address and data while page 769 enables that. The link needs
  a carrier, power, a common mode with the partner (option \`partner\`; by default it has what the rate of the wire allows) and a
  fitting MDI/MDIX pair; autonegotiation takes the option \`autoneg_ns\`. A forced mode waits for the software reset, which keeps
  the registers; CTRL.PHY_RST does not. The resolved speed shows in STATUS; the wire keeps its own rate. BMCR.LOOPBACK
  brings back what is sent. An MDIO transaction takes the option \`mdi_ns\`.
- **NVM.** An EEPROM of 64 words or a flash of 512 KiB (option \`nvm\`) with the image of a plain card or the caller's
  (\`nvmImage\`). It decides the first receive address, WUC.APME, and, where Init Control 1 asks for it, device and subsystem
  ids; the other words are only there to be read (LEDCTL is not loaded from them). EEWR takes a write cycle of an EEPROM, 5 ms; of a
  flash it changes the shadow RAM, which EECD.FLUPD commits by erasing and programming a sector. EECD drives the pins of the
  EEPROM, FLA those of the flash; BAR 1, FLA.ER and FLSWCTL change the flash only with EECD.FWE = 10b. Times and the layout of
  FLSWCTL are unverified.
- **Resets.** CTRL.RST resets the registers but those in \`registers/soft-reset.ts\`; the PHY, its link, configuration space and the
  MSI-X table stay. CTRL.PHY_RST and CTRL_EXT.EE_RST do what their names say. A reset of the bus and the way through D3hot
  reset all of it but WUS, WUPL and WUPM. The statistics 4000 to 40fc survive CTRL.RST: the 8254x manual names only reading (13.7) and the way
  to D0 (14.8) as what clears them (unverified for this chip). After CTRL.GIO_MASTER_DISABLE, STATUS bit 19 falls when the last read has ended.
- **Sleep.** Outside D0 the function signals no interrupt and receives nothing; the filters of WUFC look at what the address
  filter lets pass. PME can be enabled and raised only where the option \`wake\` has it announced.
- **Time.** A stamp is the arrival of a frame's last bit, or the start of its transmission. TST is set in extended
  descriptors.
- **Small packets, acknowledgements.** SRPD for frames up to RSRPD bytes as stored (8254x manual 3.2.7.2); ACK, and its bit in the
  descriptor, only without RFCTL.ACK_DIS.
- **Checksums.** An unsupported packet has none of IPCS, TCPCS, UDPCS; TCPCS stands for TCP and UDP, UDPCS for UDP.
  The packet checksum of legacy descriptors is made over all that is stored.

## Where it differs from QEMU's model

- ITR and EITR have no lower limit. The delay timers run in every mode, under MSI-X too.
- With MSI-X, CTRL_EXT.EIAME masks the causes of a message in IMS; there it clears them in IAM.
- INT_ASSERTED needs a cause that IMS has.
- A frame without a descriptor waits in the FIFO instead of being dropped.
- Flow control, the second ring's arbitration, write-back thresholds and TXD_LOW work; LWTHRESH 0 raises none.
- Segmentation goes by HDRLEN and PAYLEN of the context instead of by the headers found.
- BMSR shows the link from the start if the wire has a carrier; ANER tells whether the partner negotiated.
- RFCE and TFCE of CTRL are the driver's to set; autonegotiation does not.
- A frame is padded before it is counted, and a multicast counted once.
- The packet checksum of legacy descriptors is filled in.
- CTRL.RST resets what the chip is described to reset, not only the address.
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
