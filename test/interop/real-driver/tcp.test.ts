import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createNetwork } from '../../../src/index.js';
import { Link } from '../../../src/wire/index.js';
import { assets } from './assets.js';
import { Guest } from './guest.js';
import { inRealTime } from './real-time.js';

// Two real kernels with our chip as their only card, on one cable: TCP between them uses what the driver offers it, segmentation and
// checksums by the chip above all.

const BYTES = 3_000_000;
/** What a card that is not up yet, or not in that group, does with its neighbour's first frames. */
const BEFORE_UP = ['NIC_FILTER', 'NIC_RX_DISABLED', 'NIC_LINK_DOWN'];
const TSCTC = 0x40f8;
const TSCTFC = 0x40fc;

/** Each guest serves a file of its own by HTTP and fetches the other's, over IPv4 and IPv6. */
const init = (own: number, other: number): string => `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
ifconfig lo up
for d in all default; do echo 0 > /proc/sys/net/ipv6/conf/$d/accept_dad; done
insmod /lib/e1000e.ko
ifconfig eth0 10.0.3.${own} netmask 255.255.255.0 up
ifconfig eth0 add fd00:3::${own}/64
dd if=/dev/urandom of=/www/file bs=${BYTES} count=1 2>/dev/null
echo "@ own $(sha256sum < /www/file)"
httpd -h /www
for from in 10.0.3.${other} [fd00:3::${other}]; do
  i=0; until wget -q -O /tmp/file http://$from/file; do i=$((i+1)); [ $i -gt 60 ] && break; sleep 0.5; done
  echo "@ got $(sha256sum < /tmp/file)"
done
for f in rx_errors rx_dropped rx_crc_errors rx_missed_errors tx_errors tx_dropped; do
  echo "@ stat $f $(cat /sys/class/net/eth0/statistics/$f)"
done
grep -E 'Tcp:' /proc/net/snmp | sed 's/^/@ /'
echo "@ end"
while :; do sleep 9; done
`;

let guests: Guest[] = [];

const line = (guest: Guest, start: string): string[] => guest.lines.filter((l) => l.startsWith(start));

/** Counters of /proc/net/snmp, by name. */
function tcp(guest: Guest): Record<string, number> {
  const [names = '', values = ''] = line(guest, '@ Tcp:');
  const numbers = values.split(' ').slice(2);
  return Object.fromEntries(
    names
      .split(' ')
      .slice(2)
      .map((name, i) => [name, Number(numbers[i])]),
  );
}

beforeAll(async () => {
  const net = createNetwork({ seed: 1, checked: true });
  const link = new Link(net.sim, net.frames, { name: 'cable' });
  guests = [link.a, link.b].map((port, i) => new Guest(net, Uint8Array.of(2, 0, 0, 0, 3, i + 1), port));
  const [a, b] = guests as [Guest, Guest];
  const files = assets();
  const both = (): Promise<unknown> =>
    Promise.all([a.boot(files, init(1, 2), '@ end', 220), b.boot(files, init(2, 1), '@ end', 220)]);
  await inRealTime(net, both, guests);
}, 240_000);

describe('TCP between two Linux kernels over our chips', () => {
  it('every file arrives whole, over IPv4 and IPv6', () => {
    for (const [i, guest] of guests.entries()) {
      const sent = line(guests[1 - i] as Guest, '@ own').map((l) => l.slice('@ own '.length));
      const got = line(guest, '@ got').map((l) => l.slice('@ got '.length));
      expect(got).toEqual([sent[0], sent[0]]);
      expect(sent[0]).not.toContain(createHash('sha256').digest('hex'));
    }
  });

  it('the chips cut the segments and made their checksums', () => {
    for (const guest of guests) {
      expect(guest.statistic(TSCTC)).toBeGreaterThan(100);
      expect(guest.statistic(TSCTFC)).toBe(0);
    }
  });

  it('no kernel saw a bad segment, and the driver no error', () => {
    for (const guest of guests) {
      const { InErrs, InCsumErrors } = tcp(guest);
      expect([InErrs, InCsumErrors]).toEqual([0, 0]);
      expect(line(guest, '@ stat').filter((l) => !l.endsWith(' 0'))).toEqual([]);
      const lost = Object.keys(guest.chip.dropRecord());
      expect(lost.filter((reason) => !BEFORE_UP.includes(reason))).toEqual([]);
    }
  });
});
