/** What every frame is asked. */
export const ASKED = [
  'frame.number',
  'frame.interface_name',
  'eth.type',
  '_ws.col.Protocol',
  '_ws.col.Info',
  '_ws.malformed',
  '_ws.expert.message',
  '_ws.expert.severity',
  'ip.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
  'udp.length',
  'icmp.type',
  'icmpv6.type',
  'arp.opcode',
  'ip.flags.mf',
  'ipv6.fraghdr.more',
  'ip.reassembled.length',
  'ipv6.reassembled.length',
] as const;
/** One frame's answers. */
export type Row = Record<(typeof ASKED)[number], string>;

const CHECKSUMS = [
  'ip.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
] as const;
const BAD = '0';
/** Expert messages that tell of an event on the network and not of an ill-formed frame. Severity 0x400000 (note) or below. */
const NOTE = 0x400000;

/** What is wrong with the frames. */
export function faults(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => {
    const found: string[] = [];
    if (row['_ws.malformed'] !== '') found.push('malformed');
    for (const name of CHECKSUMS) if (row[name].split(',').includes(BAD)) found.push(`bad ${name}`);
    const severe = row['_ws.expert.severity'].split(',').some((s) => Number(s) > NOTE);
    if (severe) found.push(row['_ws.expert.message']);
    return found.map(
      (what) => `frame ${row['frame.number']} (${row['_ws.col.Protocol']} ${row['_ws.col.Info']}): ${what}`,
    );
  });
}
