import { describe, expect, test } from 'vitest';
import { crc32, csum_finish, csum_partial } from '../../../src/bytes/index.js';
import { TP } from '../../../src/sim/index.js';
import { FRAME_BAD_FCS } from '../../../src/wire/index.js';
import { Bench, frameTo, HOST, hex, MAC, mac, RCTL_BAM, RCTL_SECRC, REG, RFCTL_EXTEN, RXT0 } from './support.js';

const UPE = 1 << 3;
const MPE = 1 << 4;
const LPE = 1 << 5;
const SBP = 1 << 2;
const BROADCAST = mac('ff:ff:ff:ff:ff:ff');

function received(b: Bench, bytes: Uint8Array, flags = 0): boolean {
  const before = b.nic.rx.delivered[0];
  b.inject(bytes, flags);
  b.run();
  return b.nic.rx.delivered[0] > before;
}

describe('a receive ring', () => {
  test('legacy: the frame and its CRC are stored, the descriptor is written back, RDH moves, RXT0 is set', () => {
    const b = new Bench();
    b.setupRx(8, 0);
    b.read(REG.ICR);
    const frame = frameTo(MAC, 60);
    b.peer.port.send(b.pool.copyIn(frame));
    b.run();
    const words = b.rxWords(0);
    expect(words[0]).toBe(b.rxBuffers[0]);
    expect(words[2] & 0xffff).toBe(64);
    expect(hex(words[3])).toBe('00000003');
    expect(b.rxData(0, 60)).toEqual(frame);
    const crc = crc32(frame, 0, 60);
    expect([...b.rxData(0, 64).subarray(60)]).toEqual([crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24]);
    expect(b.read(REG.RDH)).toBe(1);
    expect(hex(b.read(REG.ICR))).toBe('00000080');
    expect(b.read(REG.GPRC)).toBe(1);
    expect(b.read(REG.GORCL)).toBe(64);
    b.read(REG.GORCH);
    expect(b.read(REG.GORCL)).toBe(0);
  });

  test('legacy: the packet checksum is complemented, from PCSS to the end of what is stored', () => {
    for (const [secrc, length, pcss] of [
      [RCTL_SECRC, 60, 14],
      [0, 61, 0],
      [0, 60, 14],
    ]) {
      const b = new Bench();
      b.write(REG.RXCSUM, 0x300 | pcss);
      b.setupRx(8, secrc);
      received(b, frameTo(MAC, length));
      const stored = b.rxWords(0)[2] & 0xffff;
      expect(stored).toBe(secrc === 0 ? length + 4 : length);
      const { u8, u32 } = b.arena;
      const sum = csum_partial(u8, u32, b.rxBuffers[0] + pcss, stored - pcss, 0);
      expect(b.rxWords(0)[2] >>> 16).toBe(csum_finish(sum));
    }
  });

  test('extended with SECRC: the length excludes the CRC and the write-back replaces the address', () => {
    const b = new Bench();
    b.write(REG.RFCTL, RFCTL_EXTEN);
    b.write(REG.RXCSUM, 0x2300);
    b.setupRx(8, RCTL_SECRC);
    expect(received(b, frameTo(MAC, 200))).toBe(true);
    expect([...b.rxWords(0)].map(hex)).toEqual(['00000000', '00000000', '00000003', '000000c8']);
    expect(b.rxData(0, 200)).toEqual(frameTo(MAC, 200));
  });

  test('RDH equal to RDT is no free descriptor: the frame waits, is counted in RNBC, and comes with the next RDT', () => {
    const b = new Bench();
    b.setupRx(8, 0, 2048, 0);
    expect(received(b, frameTo(MAC))).toBe(false);
    expect(b.nic.receiveInFlight()).toBe(1);
    expect(b.read(REG.RNBC)).toBe(1);
    expect(b.read(REG.MPC)).toBe(0);
    b.write(REG.RDT, 1);
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(1);
    expect(b.receiveBalance()).toBe(0);
  });

  test('a full FIFO misses frames: MPC, RXO; what was in it is delivered later', () => {
    const b = new Bench();
    b.write(REG.PBA, 1);
    b.setupRx(8, 0, 2048, 0);
    b.read(REG.ICR);
    for (let i = 0; i < 20; i++) b.inject(frameTo(MAC));
    b.run();
    expect(b.nic.receiveInFlight()).toBe(16);
    expect(b.read(REG.MPC)).toBe(4);
    expect(b.read(REG.ICR) & 0x40).toBe(0x40);
    expect(b.read(REG.TPR)).toBe(20);
    expect(b.read(REG.GPRC)).toBe(16);
    expect(b.nic.dropRecord()).toEqual({ NIC_MISSED: 4 });
    b.write(REG.RDT, 7);
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(7);
    expect(b.receiveBalance()).toBe(0);
  });

  test('it wraps: 100 frames through 8 descriptors, in order', () => {
    const b = new Bench();
    b.setupRx(8, RCTL_SECRC);
    for (let i = 0; i < 100; i++) {
      const frame = frameTo(MAC, 60 + (i % 40));
      frame[20] = i;
      expect(received(b, frame)).toBe(true);
      const at = i % 8;
      expect(b.rxData(at, frame.length)).toEqual(frame);
      b.armRx(at);
      b.write(REG.RDT, at);
      b.run();
    }
    expect(b.pool.live).toBe(0);
  });

  test('RXDMT0 when the free descriptors fall to the fraction of RDMTS', () => {
    for (const [rdmts, left] of [
      [0, 8],
      [1, 4],
      [2, 2],
    ]) {
      const b = new Bench();
      b.setupRx(16, rdmts << 8);
      let n = 15;
      while (n > left) {
        expect(b.read(REG.ICR) & 0x10).toBe(0);
        received(b, frameTo(MAC));
        n--;
      }
      expect(b.read(REG.ICR) & 0x10).toBe(0x10);
    }
  });

  test('a frame over several buffers: EOP and status in the last, lengths add up, the CRC may straddle', () => {
    for (const length of [300, 508, 510, 600]) {
      const b = new Bench();
      // BSIZE 11: 256 bytes.
      b.setupRx(8, 3 << 16, 256);
      const frame = frameTo(MAC, length);
      expect(received(b, frame)).toBe(true);
      const stored = length + 4;
      const n = Math.ceil(stored / 256);
      const all: number[] = [];
      for (let i = 0; i < n; i++) {
        const words = b.rxWords(i);
        expect(words[3] & 0xff).toBe(i === n - 1 ? 3 : 1);
        all.push(...b.rxData(i, words[2] & 0xffff));
      }
      expect(all.length).toBe(stored);
      expect(Uint8Array.from(all.slice(0, length))).toEqual(frame);
      const dv = new DataView(Uint8Array.from(all).buffer);
      expect(dv.getInt32(length, true)).toBe(crc32(frame, 0, length));
      expect(b.read(REG.RDH)).toBe(n);
    }
  });

  test('buffer sizes of BSIZE, BSEX and FLXBUF', async () => {
    const { receiveBufferBytes } = await import('../../../src/hw/nic/rx/rx-descriptor.js');
    const bsex = 1 << 25;
    const sizes = [0, 1, 2, 3].map((k) => receiveBufferBytes(k << 16));
    const large = [1, 2, 3].map((k) => receiveBufferBytes((k << 16) | bsex));
    expect(sizes).toEqual([2048, 1024, 512, 256]);
    expect(large).toEqual([16384, 8192, 4096]);
    expect(receiveBufferBytes(9 << 27)).toBe(9216);
  });

  test('a frame that the whole ring cannot hold is missed, not waited for', () => {
    const b = new Bench();
    b.setupRx(8, LPE | (3 << 16), 256);
    expect(received(b, frameTo(MAC, 3000))).toBe(false);
    expect(b.nic.dropRecord()).toEqual({ NIC_MISSED: 1 });
    expect(received(b, frameTo(MAC, 60))).toBe(true);
    expect(b.receiveBalance()).toBe(0);
  });
});

describe('what is refused', () => {
  test('receiver off, link down, bad CRC, too long, too short: each with its reason', () => {
    const b = new Bench();
    b.inject(frameTo(MAC));
    b.setupRx(8, 0);
    b.inject(frameTo(MAC), FRAME_BAD_FCS);
    b.inject(frameTo(MAC, 1519));
    b.inject(MAC);
    b.inject(frameTo(mac('52:54:00:00:00:01')));
    b.nic.linkChanged(false);
    b.inject(frameTo(MAC));
    b.run();
    expect(b.nic.dropRecord()).toEqual({
      NIC_CRC_ERROR: 1,
      NIC_LENGTH_ERROR: 2,
      NIC_FILTER: 1,
      NIC_RX_DISABLED: 1,
      NIC_LINK_DOWN: 1,
    });
    expect([b.read(REG.CRCERRS), b.read(REG.ROC), b.read(REG.RUC), b.read(REG.TPR)]).toEqual([1, 1, 1, 4]);
    expect(b.receiveBalance()).toBe(0);
    expect(b.pool.live).toBe(0);
  });

  test('LPE lets long frames pass up to 9234 bytes with CRC', () => {
    const b = new Bench();
    b.setupRx(8, LPE);
    expect(received(b, frameTo(MAC, 1519))).toBe(true);
    expect(received(b, frameTo(MAC, 9230))).toBe(true);
    expect(received(b, frameTo(MAC, 9231))).toBe(false);
  });

  test('SBP stores a frame with a bad CRC: CE is set, and so is its wrong CRC', () => {
    const b = new Bench();
    b.setupRx(8, SBP);
    const frame = frameTo(MAC, 60);
    expect(received(b, frame, FRAME_BAD_FCS)).toBe(true);
    expect(hex(b.rxWords(0)[3])).toBe('00000103');
    expect(b.arena.dv.getInt32(b.rxBuffers[0] + 60, true)).not.toBe(crc32(frame, 0, 60));
    expect(b.read(REG.CRCERRS)).toBe(1);
    expect(b.read(REG.GPRC)).toBe(0);
  });

  test('a frame that its sender did not pad is filled up with zeros', () => {
    const b = new Bench();
    b.setupRx(8, RCTL_SECRC);
    expect(received(b, frameTo(MAC, 42))).toBe(true);
    expect(b.rxWords(0)[2] & 0xffff).toBe(60);
    expect([...b.rxData(0, 60).subarray(42)]).toEqual(new Array(18).fill(0));
  });

  test('reset empties the FIFO and counts what was in it', () => {
    const b = new Bench();
    b.setupRx(8, 0, 2048, 0);
    b.inject(frameTo(MAC));
    b.inject(frameTo(MAC));
    b.write(REG.CTRL, 0x04140241);
    expect(b.nic.dropRecord()).toEqual({ NIC_RX_DISABLED: 2 });
    expect(b.receiveBalance()).toBe(0);
    expect(b.pool.live).toBe(0);
  });
});

describe('address filters', () => {
  const other = mac('52:54:00:00:00:01');
  const group = mac('01:00:5e:00:00:fb');

  test('own address always, others with UPE only', () => {
    const b = new Bench();
    b.setupRx(8, 0);
    expect([received(b, frameTo(MAC)), received(b, frameTo(other))]).toEqual([true, false]);
    b.setupRx(8, UPE);
    expect([received(b, frameTo(other)), received(b, frameTo(group))]).toEqual([true, false]);
  });

  test('broadcast with BAM, multicast with MPE', () => {
    const b = new Bench();
    b.setupRx(8, 0);
    expect([received(b, frameTo(BROADCAST)), received(b, frameTo(group))]).toEqual([false, false]);
    b.setupRx(8, RCTL_BAM);
    expect([received(b, frameTo(BROADCAST)), received(b, frameTo(group))]).toEqual([true, false]);
    b.setupRx(8, MPE);
    expect([received(b, frameTo(group)), received(b, frameTo(other))]).toEqual([true, false]);
  });

  test('each of the 16 exact entries, if it is valid', () => {
    for (let i = 1; i < 16; i++) {
      const b = new Bench({ checked: false });
      b.setupRx(8, 0);
      b.write(REG.RAL + 8 * i, 0x00005452);
      b.write(REG.RAH + 8 * i, 0x00000100);
      expect(received(b, frameTo(other))).toBe(false);
      b.write(REG.RAH + 8 * i, 0x80000100);
      expect(received(b, frameTo(other))).toBe(true);
    }
  });

  test('the multicast table, by the address bits that RCTL.MO picks', () => {
    // 01:00:5e:00:00:fb: the last two bytes, low first, are 0xfb00.
    const hashes = [0xfb0, 0xf60, 0xec0, 0xb00];
    for (const [mo, hash] of hashes.entries()) {
      const b = new Bench({ checked: false });
      b.setupRx(8, mo << 12);
      expect(received(b, frameTo(group))).toBe(false);
      b.write(REG.MTA + 4 * (hash >> 5), 1 << (hash & 31));
      expect(received(b, frameTo(group))).toBe(true);
      expect(received(b, frameTo(mac('01:00:5e:00:00:fc')))).toBe(false);
    }
  });
});

describe('the trace', () => {
  test('shows the FIFO and the write-back of a frame, with its journey', () => {
    const b = new Bench();
    const records: number[][] = [];
    b.sim.trace.addSink({
      records(view) {
        for (let i = 0; i < view.length; i++) {
          records.push([view.id(i), view.journey(i), view.a(i), view.b(i), view.c(i)]);
        }
      },
    });
    b.setupRx(8, 0);
    const journey = b.peer.send(frameTo(MAC, 100));
    b.run();
    b.sim.trace.end();
    const ours = records.filter(([id]) => id === TP.MAC_FIFO || id === TP.DESC_WRITEBACK);
    expect(ours).toEqual([
      [TP.MAC_FIFO, journey, 100, 104, 0],
      [TP.DESC_WRITEBACK, journey, 0, 0, 3],
    ]);
  });
});

describe('the bus', () => {
  test('bus mastering off: no DMA, frames wait and are missed, a named counter, no interrupt for them', () => {
    const b = new Bench();
    b.write(REG.PBA, 1);
    b.setMaster(false);
    b.setupRx(8, 0);
    b.write(REG.IMS, RXT0);
    const before = b.arena.u8.slice(b.rxRing, b.rxRing + 128);
    for (let i = 0; i < 20; i++) {
      b.inject(frameTo(MAC));
      b.run();
    }
    expect(b.arena.u8.slice(b.rxRing, b.rxRing + 128)).toEqual(before);
    expect(b.nic.rx.delivered[0]).toBe(0);
    expect(b.fn.counters.dmaReads + b.fn.counters.dmaWrites).toBe(0);
    expect(b.fn.counters.dmaReadMasterOff).toBeGreaterThan(0);
    expect(b.nic.dropRecord()).toEqual({ NIC_MISSED: 4 });
    expect(b.log.intxEdges).toEqual([]);
    b.setMaster(true);
    b.inject(frameTo(MAC));
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(7);
    expect(b.receiveBalance()).toBe(0);
  });

  test('GIO master disable stops DMA, and lets it go on', () => {
    const b = new Bench();
    b.setupRx(8, 0);
    b.write(REG.CTRL, 0x00140245);
    expect(received(b, frameTo(MAC))).toBe(false);
    b.write(REG.CTRL, 0x00140241);
    b.run();
    expect(b.nic.rx.delivered[0]).toBe(1);
  });

  test('the journey of a frame tags the host memory it was written to', () => {
    const b = new Bench();
    b.setupRx(8, 0);
    const frame = b.pool.copyIn(frameTo(MAC));
    b.pool.journey[frame] = 77;
    b.nic.frameArrived(frame);
    b.run();
    expect(b.arena.tags[b.rxBuffers[0] >>> 11]).toBe(77);
    expect(b.arena.ownerOf(b.rxBuffers[0])).toBe(HOST);
  });
});
