import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/index.js';
import { Link } from '../../../src/wire/index.js';
import { assets } from './assets.js';
import { Guest } from './guest.js';
import { inRealTime } from './real-time.js';
import { Responder } from './responder.js';
import { tftpServer } from './tftp.js';

// Linux' own e1000e driver, unchanged, drives our chip inside an emulated PC; at the other end of the cable is a machine of ours.

const FILE = new Uint8Array(200_000).map((_, i) => i * 7 + (i >> 8));
const UPLOAD = 60_000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** IntMode of the driver, in its own numbers. */
const MODES = [
  [0, 'INTx', /IO-APIC/],
  [1, 'MSI', /PCI-MSI/],
  [2, 'MSI-X', /PCI-MSI/],
] as const;

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
ifconfig lo up
for d in all default; do echo 0 > /proc/sys/net/ipv6/conf/$d/accept_dad; done
for mode in 0 1 2; do
  echo "@ mode $mode"
  insmod /lib/e1000e.ko IntMode=$mode
  ifconfig eth0 10.0.2.2 netmask 255.255.255.0 up
  ifconfig eth0 add fd00:2::2/64
  i=0; while [ $i -lt 80 ] && [ "$(cat /sys/class/net/eth0/carrier)" != 1 ]; do sleep 0.1; i=$((i+1)); done
  for size in 56 1400 8000; do
    echo "@ ping $size $(ping -c 2 -i 0.1 -W 9 -s $size 10.0.2.1 | grep received)"
  done
  echo "@ ping6 $(ping6 -c 2 -i 0.1 -W 9 -s 1400 fd00:2::1 | grep received)"
  tftp -g -r file -l /tmp/file -b 1428 10.0.2.1; echo "@ got $(sha256sum < /tmp/file)"; rm -f /tmp/file
  dd if=/dev/urandom of=/tmp/up bs=${UPLOAD} count=1 2>/dev/null
  tftp -p -l /tmp/up -r up$mode -b 1428 10.0.2.1; echo "@ put $(sha256sum < /tmp/up)"
  grep eth0 /proc/interrupts
  for f in rx_packets tx_packets rx_errors rx_dropped rx_crc_errors rx_missed_errors tx_errors tx_dropped; do
    echo "@ stat $f $(cat /sys/class/net/eth0/statistics/$f)"
  done
  if [ $mode = 2 ]; then
    for m in llc stp garp mrp 8021q; do insmod /lib/$m.ko; done
    vconfig add eth0 5 > /dev/null; ifconfig eth0.5 10.0.5.2 netmask 255.255.255.0 up
    echo "@ tagged $(ping -c 3 -i 0.1 -W 9 -s 1400 10.0.5.9 | grep received)"
    vconfig rem eth0.5 > /dev/null
  fi
  ifconfig eth0 down
  rmmod e1000e
done
echo "@ end"
while :; do sleep 9; done
`;

let guest: Guest;
let vlan: Responder;
const files = new Map<string, Uint8Array>([['file', FILE]]);

/** The lines of one mode. */
function part(mode: number): string[] {
  const { lines } = guest;
  const from = lines.indexOf(`@ mode ${mode}`);
  const to = lines.findIndex((line, i) => i > from && /^@ (mode|end)/.test(line));
  return lines.slice(from, to);
}

beforeAll(async () => {
  const net = createNetwork({ seed: 1, checked: true });
  const sw = net.switch();
  const peer = net.host('peer', { addresses: ['10.0.2.1/24', 'fd00:2::1/64'] });
  net.wire(peer, sw);
  vlan = new Responder(net.port(sw, { record: false }), 5, [10, 0, 5, 9]);
  const link = new Link(net.sim, net.frames, { name: 'guest' });
  sw.connect(link.b);
  guest = new Guest(net, Uint8Array.of(2, 0, 0, 0, 2, 2), link.a);
  peer.spawn((sys) => tftpServer(sys, files), { daemon: true, name: 'tftpd' });
  await inRealTime(net, () => guest.boot(assets(), INIT, '@ end', 220), [guest]);
}, 240_000);

describe("Linux' e1000e on our 82574L", () => {
  it.each(MODES)('IntMode %i: pings of three sizes and two families are answered', (mode) => {
    const received = part(mode).filter((line) => line.startsWith('@ ping'));
    expect(received).toHaveLength(4);
    for (const line of received) expect(line).toContain('2 packets transmitted, 2 packets received, 0% packet loss');
  });

  it.each(MODES)('IntMode %i: files arrive whole in both directions', (mode) => {
    const lines = part(mode);
    expect(lines).toContain(`@ got ${sha256(FILE)}  -`);
    const up = files.get(`up${mode}`) as Uint8Array;
    expect(up).toHaveLength(UPLOAD);
    expect(lines).toContain(`@ put ${sha256(up)}  -`);
  });

  it.each(MODES)('IntMode %i: the kernel took interrupts by %s', (mode, name, chip) => {
    const rows = part(mode).filter((line) => /^ *\d+:.*eth0/.test(line));
    expect(rows).toHaveLength(mode === 2 ? 3 : 1);
    for (const row of rows) {
      expect(row).toMatch(chip);
      expect(Number(/: +(\d+)/.exec(row)?.[1]), name).toBeGreaterThan(0);
    }
    if (mode === 2)
      expect(rows.map((row) => row.trim().split(/ +/).at(-1))).toEqual(['eth0-rx-0', 'eth0-tx-0', 'eth0']);
  });

  it.each(MODES)('IntMode %i: the driver counts packets and no errors', (mode) => {
    const stats = Object.fromEntries(
      part(mode)
        .filter((line) => line.startsWith('@ stat '))
        .map((line) => [line.split(' ')[2], Number(line.split(' ')[3])]),
    );
    const { rx_packets = 0, tx_packets = 0, ...errors } = stats;
    expect(Math.min(rx_packets, tx_packets)).toBeGreaterThan(180);
    expect(
      Object.values(errors).every((n) => n === 0),
      JSON.stringify(errors),
    ).toBe(true);
  });

  it('frames of a tagged network carry their tag on the wire, and those of another are filtered', () => {
    const line = part(2).find((l) => l.startsWith('@ tagged'));
    expect(line).toContain('3 packets transmitted, 3 packets received, 0% packet loss');
    expect([vlan.answered, vlan.untagged]).toEqual([expect.any(Number), 0]);
    expect(vlan.answered).toBeGreaterThanOrEqual(4);
  });

  it('the driver complains of nothing', () => {
    const complaints = guest.lines.filter((line) => /fail|error|warn|hang|hung|reset|call trace|bad/i.test(line));
    expect(complaints.filter((line) => !/mce: Unable to init/.test(line) && !line.startsWith('@ stat'))).toEqual([]);
  });

  it('the chip knew every register', () => {
    expect([...guest.chip.file.unknown.keys()].map((key) => key.toString(16))).toEqual([]);
    expect(Object.keys(guest.chip.dropRecord()).filter((reason) => reason !== 'NIC_FILTER')).toEqual([]);
    const { msi, intxAsserts, unsupportedRequest } = guest.port.counters;
    expect(msi).toBeGreaterThan(300);
    expect(intxAsserts).toBeGreaterThan(100);
    expect(unsupportedRequest).toBe(0);
  });
});
