import { describe, expect, it } from 'vitest';
import { tiny } from '../../examples/driver/driver.js';
import type { PciDriver } from '../../src/driver/index.js';
import { createNetwork, type HostNic } from '../../src/host/index.js';
import { netif_device_attach, netif_device_detach } from '../../src/skbuff/index.js';

describe('ethtool', () => {
  const nic = (): HostNic => createNetwork().host('a').nic;

  it('as objects: what is set is what is read, what is refused is an errno', () => {
    const { ethtool, pdev } = nic();
    expect(ethtool.drvinfo()).toMatchObject({ driver: 'e1000e', bus_info: pdev.name });
    ethtool.set_coalesce({ rx_coalesce_usecs: 50 });
    expect(ethtool.coalesce()).toEqual({ rx_coalesce_usecs: 50 });
    expect(ethtool.ringparam()).toMatchObject({ rx_pending: 256, tx_pending: 256, rx_max_pending: 4096 });
    expect(() => ethtool.set_coalesce({ rx_coalesce_usecs: -1 })).toThrow(/^EINVAL: .*, ioctl$/);
    expect(ethtool.stats()['rx_packets']).toBe(0);
    expect(ethtool.link()).toBe(false);
  });

  it('as text: what the program prints', () => {
    const { ethtool } = nic();
    expect(ethtool.text('-i')).toMatch(/^driver: e1000e\nversion: .+\nfirmware-version: .*\n/);
    expect(ethtool.text('-S')).toMatch(/^NIC statistics:\n {5}rx_packets: 0\n/);
    expect(ethtool.text('-c')).toBe('Coalesce parameters for eth0:\nrx-usecs:\t0\n');
    expect(ethtool.text('-g')).toMatch(/Current hardware settings:\nRX:\t\t256\nTX:\t\t256\n$/);
    expect(ethtool.text('-a')).toMatch(/^Pause parameters for eth0:\nAutonegotiate:\t(on|off)\n/);
    expect(ethtool.text('-d')).toMatch(/^Offset\t\tValues\n------\t\t------\n0x0000:\t\t([0-9a-f]{2} ){16}\n/);
    expect(ethtool.text('-e')).toMatch(/^Offset\t\tValues\n------\t\t------\n0x0000:\t\t02 00 00 00 01 00 /);
    expect(ethtool.text('-t')).toMatch(/^The test result is FAIL\n[\s\S]*Link test {3}\(on\/offline\)\t 1\n$/);
    expect(ethtool.text('')).toMatch(/^Settings for eth0:\n[\s\S]*\tSpeed: Unknown!\n[\s\S]*\tLink detected: no\n$/);
  });

  it('a ring above the maximum: EINVAL, as the kernel refuses it before it asks the driver', () => {
    const { ethtool } = nic();
    const before = ethtool.ringparam();
    for (const rx_pending of [4097, -1, 1.5, Number.NaN, 2 ** 32, null, '64'])
      expect(() => ethtool.set_ringparam({ rx_pending: rx_pending as number })).toThrow(/^EINVAL: /);
    expect(() => ethtool.set_ringparam({ tx_pending: 5000 })).toThrow(/^EINVAL: /);
    expect(ethtool.ringparam()).toEqual(before);
    ethtool.set_ringparam({ rx_pending: 4096, tx_pending: 1 });
    expect(ethtool.ringparam()).toMatchObject({ rx_pending: 4096, tx_pending: 64 });
  });

  it('a parameter the driver does not have: EOPNOTSUPP; a flag there is not: EINVAL', () => {
    const { ethtool } = nic();
    expect(() => ethtool.set_coalesce({ tx_coalesce_usecs: 5 } as never)).toThrow(/^EOPNOTSUPP: /);
    expect(() => ethtool.set_ringparam({ rx_mini_pending: 5 } as never)).toThrow(/^EOPNOTSUPP: /);
    expect(() => ethtool.set_pauseparam({ autoneg: 1 } as never)).toThrow(/^EINVAL: /);
    expect(() => ethtool.text('-z' as never)).toThrow(/^EINVAL: /);
    ethtool.set_link_ksettings(ethtool.link_ksettings());
  });

  it('a device that is detached or gone: ENODEV', () => {
    const host = createNetwork().host('a');
    const { dev, ethtool, driver } = host.nic;
    netif_device_detach(dev);
    for (const call of [() => ethtool.text('-S'), () => ethtool.link(), () => ethtool.self_test(true)])
      expect(call).toThrow(/^ENODEV: /);
    netif_device_attach(dev);
    expect(ethtool.link()).toBe(false);
    host.rmmod(driver as PciDriver);
    expect(() => ethtool.regs()).toThrow(/^ENODEV: /);
  });

  it('a driver without: EOPNOTSUPP', () => {
    const { ethtool } = createNetwork().host('a', { driver: tiny() }).nic;
    expect(() => ethtool.drvinfo()).toThrow(/^EOPNOTSUPP: /);
    expect(() => ethtool.text('-S')).toThrow(/^EOPNOTSUPP: /);
  });
});
