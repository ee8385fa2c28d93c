import {
  ETH_SS_TEST,
  type EthtoolCoalesce,
  type EthtoolDrvinfo,
  type EthtoolLinkKsettings,
  type EthtoolOps,
  type EthtoolPauseparam,
  type EthtoolRegs,
  type EthtoolRingparam,
  type EthtoolTest,
  type EthtoolWolinfo,
  ethtool_stats,
  type NetDevice,
} from '../skbuff/index.js';
import { SysError } from '../syscalls/index.js';
import { EINVAL, ENODEV, EOPNOTSUPP } from '../uapi/index.js';
import {
  coalesceText,
  drvinfoText,
  dumpText,
  linkText,
  pauseText,
  ringText,
  statsText,
  testText,
} from './ethtool-text.js';

/** What {@link Ethtool.text} prints: the flag as on the command line, `''` for the link. */
export type EthtoolFlag = '' | '-i' | '-S' | '-c' | '-g' | '-a' | '-d' | '-e' | '-t';

/**
 * The program `ethtool` for one network device: what its driver tells and lets be set, as objects and as text. A request that the driver
 * does not know is a `SysError` EOPNOTSUPP, and so is a parameter it does not have; what it refuses is a `SysError` with its errno. ENODEV:
 * the device has been unregistered, or is detached (asleep, being reset).
 */
export class Ethtool {
  private readonly dev: NetDevice;

  constructor(dev: NetDevice) {
    this.dev = dev;
  }

  /** `-i`: driver, version, place on the bus. */
  drvinfo(): EthtoolDrvinfo {
    return this.op('get_drvinfo')(this.dev);
  }

  /** The link: speed, duplex, what is advertised. */
  link_ksettings(): EthtoolLinkKsettings {
    return this.op('get_link_ksettings')(this.dev);
  }

  /** Link detected. */
  link(): boolean {
    this.check();
    return this.dev.ethtool_ops?.get_link?.(this.dev) ?? this.dev.carrier;
  }

  /** `-s`: changes speed, duplex, autonegotiation; what is left out stays. */
  set_link_ksettings(change: Partial<EthtoolLinkKsettings>): void {
    const set = this.op('set_link_ksettings');
    this.done(set(this.dev, merged(this.link_ksettings(), change)));
  }

  /** `-r`: negotiates the link anew. */
  nway_reset(): void {
    this.done(this.op('nway_reset')(this.dev));
  }

  /** `-c`: interrupt moderation. */
  coalesce(): EthtoolCoalesce {
    return this.op('get_coalesce')(this.dev);
  }

  /** `-C`. */
  set_coalesce(change: Partial<EthtoolCoalesce>): void {
    const set = this.op('set_coalesce');
    this.done(set(this.dev, merged(this.coalesce(), change)));
  }

  /** `-g`: sizes of the rings. */
  ringparam(): EthtoolRingparam {
    return this.op('get_ringparam')(this.dev);
  }

  /** `-G`; EINVAL above the maximum, which the kernel checks before it asks the driver. */
  set_ringparam(change: Partial<Pick<EthtoolRingparam, 'rx_pending' | 'tx_pending'>>): void {
    const set = this.op('set_ringparam');
    const max = this.ringparam();
    const ring = merged(max, change);
    const small = ring.rx_pending <= max.rx_max_pending && ring.tx_pending <= max.tx_max_pending;
    this.done(small ? set(this.dev, ring) : -EINVAL);
  }

  /** `-a`: flow control. */
  pauseparam(): EthtoolPauseparam {
    return this.op('get_pauseparam')(this.dev);
  }

  /** `-A`. */
  set_pauseparam(change: Partial<EthtoolPauseparam>): void {
    const set = this.op('set_pauseparam');
    this.done(set(this.dev, merged(this.pauseparam(), change)));
  }

  /** `-S`: the driver's statistics by name. */
  stats(): Record<string, number> {
    this.check();
    const stats = ethtool_stats(this.dev);
    if (typeof stats === 'number') throw new SysError(-stats, 'ioctl');
    return stats;
  }

  /** `-d`: registers, as the driver dumps them. */
  regs(): EthtoolRegs {
    return this.op('get_regs')(this.dev);
  }

  /** `-e`: the NVM. */
  eeprom(): Uint8Array {
    return this.op('get_eeprom')(this.dev);
  }

  /** Wake-up by packets (WAKE_* bits). */
  wol(): EthtoolWolinfo {
    return this.op('get_wol')(this.dev);
  }

  /** `-s wol`. */
  set_wol(wolopts: number): void {
    this.done(this.op('set_wol')(this.dev, wolopts));
  }

  /** `-t`: the driver's self test; `offline` also what stops the device. */
  self_test(offline: boolean = false): EthtoolTest {
    const result = this.op('self_test')(this.dev, offline);
    if (typeof result === 'number') throw new SysError(-result, 'ioctl');
    return result;
  }

  /** What `ethtool FLAG eth0` prints. @throws SysError EINVAL for another flag */
  text(flag: EthtoolFlag): string {
    const { dev } = this;
    if (flag === '') return linkText(dev.name, this.link_ksettings(), this.link());
    if (flag === '-i') return drvinfoText(this.drvinfo());
    if (flag === '-S') return statsText(this.stats());
    if (flag === '-c') return coalesceText(dev.name, this.coalesce());
    if (flag === '-g') return ringText(dev.name, this.ringparam());
    if (flag === '-a') return pauseText(dev.name, this.pauseparam());
    if (flag === '-e') return dumpText(this.eeprom());
    if (flag === '-t') return testText(this.op('get_strings')(dev, ETH_SS_TEST), this.self_test());
    if (flag !== '-d') throw new SysError(EINVAL, 'ioctl');
    const { data } = this.regs();
    return dumpText(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** The kernel finds the device by its name, and asks no driver whose hardware is away. @throws SysError ENODEV */
  private check(): void {
    if (this.dev.ifindex === 0 || !this.dev.present) throw new SysError(ENODEV, 'ioctl');
  }

  /** An operation of the driver, bound to its table. @throws SysError EOPNOTSUPP, ENODEV */
  private op<K extends keyof EthtoolOps>(name: K): NonNullable<EthtoolOps[K]> {
    this.check();
    const ops = this.dev.ethtool_ops;
    const op = ops?.[name];
    if (ops === null || op === undefined) throw new SysError(EOPNOTSUPP, 'ioctl');
    return op.bind(ops) as NonNullable<EthtoolOps[K]>;
  }

  private done(err: number): void {
    if (err !== 0) throw new SysError(-err, 'ioctl');
  }
}

/**
 * Parameters with some of them changed. A C program hands over whole unsigned numbers of 32 bits, and flags.
 * @throws SysError EOPNOTSUPP for a parameter that is none of the driver's, EINVAL for what does not fit its field
 */
function merged<T extends object>(now: T, change: Partial<T>): T {
  const all = { ...now };
  for (const name of Object.keys(change) as (keyof T)[]) {
    const value = change[name];
    if (value === undefined || value === now[name]) continue;
    if (!(name in now)) throw new SysError(EOPNOTSUPP, 'ioctl');
    if (!fits(now[name], value)) throw new SysError(EINVAL, 'ioctl');
    all[name] = value;
  }
  return all;
}

function fits(old: unknown, value: unknown): boolean {
  if (typeof old !== 'number') return typeof value === typeof old;
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
}
