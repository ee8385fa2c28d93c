import {
  ADVERTISED_10baseT_Full,
  ADVERTISED_10baseT_Half,
  ADVERTISED_100baseT_Full,
  ADVERTISED_100baseT_Half,
  ADVERTISED_1000baseT_Full,
  DUPLEX_FULL,
  DUPLEX_HALF,
  type EthtoolCoalesce,
  type EthtoolDrvinfo,
  type EthtoolLinkKsettings,
  type EthtoolPauseparam,
  type EthtoolRingparam,
  type EthtoolTest,
  SPEED_UNKNOWN,
} from '../skbuff/index.js';

/* What the program `ethtool` prints, as far as the driver interface here has it. */

const MODES: readonly (readonly [number, string])[] = [
  [ADVERTISED_10baseT_Half, '10baseT/Half'],
  [ADVERTISED_10baseT_Full, '10baseT/Full'],
  [ADVERTISED_100baseT_Half, '100baseT/Half'],
  [ADVERTISED_100baseT_Full, '100baseT/Full'],
  [ADVERTISED_1000baseT_Full, '1000baseT/Full'],
];

const yes = (value: boolean): string => (value ? 'yes' : 'no');
const on = (value: boolean): string => (value ? 'on' : 'off');

/** `ethtool -i`. */
export function drvinfoText(info: EthtoolDrvinfo): string {
  return lines(
    `driver: ${info.driver}`,
    `version: ${info.version}`,
    `firmware-version: ${info.fw_version}`,
    'expansion-rom-version: ',
    `bus-info: ${info.bus_info}`,
    `supports-statistics: ${yes(info.n_stats > 0)}`,
    `supports-test: ${yes(info.testinfo_len > 0)}`,
    `supports-eeprom-access: ${yes(info.eedump_len > 0)}`,
    `supports-register-dump: ${yes(info.regdump_len > 0)}`,
    'supports-priv-flags: no',
  );
}

/** `ethtool DEV`. */
export function linkText(name: string, link: EthtoolLinkKsettings, detected: boolean): string {
  const duplex = link.duplex === DUPLEX_FULL ? 'Full' : link.duplex === DUPLEX_HALF ? 'Half' : 'Unknown! (255)';
  return lines(
    `Settings for ${name}:`,
    `\tSupported link modes:   ${modes(link.supported)}`,
    `\tAdvertised link modes:  ${modes(link.advertising)}`,
    `\tLink partner advertised link modes:  ${modes(link.lp_advertising)}`,
    `\tSpeed: ${link.speed === SPEED_UNKNOWN ? 'Unknown!' : `${link.speed}Mb/s`}`,
    `\tDuplex: ${duplex}`,
    `\tAuto-negotiation: ${on(link.autoneg)}`,
    `\tPHYAD: ${link.phy_address}`,
    `\tLink detected: ${yes(detected)}`,
  );
}

function modes(bits: number): string {
  const names = MODES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? 'Not reported' : names.join(' ');
}

/** `ethtool -S`. */
export function statsText(stats: Record<string, number>): string {
  return lines('NIC statistics:', ...Object.entries(stats).map(([name, value]) => `     ${name}: ${value}`));
}

/** `ethtool -c`. */
export function coalesceText(name: string, c: EthtoolCoalesce): string {
  return lines(`Coalesce parameters for ${name}:`, `rx-usecs:\t${c.rx_coalesce_usecs}`);
}

/** `ethtool -g`. */
export function ringText(name: string, ring: EthtoolRingparam): string {
  const rings = (rx: number, tx: number): string[] => [`RX:\t\t${rx}`, `TX:\t\t${tx}`];
  return lines(
    `Ring parameters for ${name}:`,
    'Pre-set maximums:',
    ...rings(ring.rx_max_pending, ring.tx_max_pending),
    'Current hardware settings:',
    ...rings(ring.rx_pending, ring.tx_pending),
  );
}

/** `ethtool -a`. */
export function pauseText(name: string, pause: EthtoolPauseparam): string {
  return lines(
    `Pause parameters for ${name}:`,
    `Autonegotiate:\t${on(pause.autoneg)}`,
    `RX:\t\t${on(pause.rx_pause)}`,
    `TX:\t\t${on(pause.tx_pause)}`,
  );
}

/** `ethtool -t`. */
export function testText(names: readonly string[], test: EthtoolTest): string {
  return lines(
    `The test result is ${test.failed ? 'FAIL' : 'PASS'}`,
    'The test extra info:',
    ...names.map((name, i) => `${name}\t ${test.data[i] ?? 0}`),
  );
}

/** The hex dump of `ethtool -d` (of a driver whose registers it cannot name) and `-e`: 16 bytes a line. */
export function dumpText(bytes: Uint8Array): string {
  const out = ['Offset\t\tValues', '------\t\t------'];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
    out.push(`0x${at.toString(16).padStart(4, '0')}:\t\t${row.join(' ')} `);
  }
  return lines(...out);
}

function lines(...list: string[]): string {
  return `${list.join('\n')}\n`;
}
