import { AF_INET, SOCK_DGRAM, type Sys } from '../../../src/index.js';

const RRQ = 1;
const WRQ = 2;
const DATA = 3;
const ACK = 4;

const text = new TextDecoder();
const packet = (op: number, block: number, data: Uint8Array = new Uint8Array(0)): Uint8Array =>
  Uint8Array.of(0, op, block >> 8, block & 0xff, ...data);
const block = (data: Uint8Array): number => (data[2] << 8) | data[3];

/** A TFTP server (RFC 1350, and the option `blksize` of RFC 2348), one transfer at a time, for ever. Files by name. */
export async function tftpServer(sys: Sys, files: Map<string, Uint8Array>): Promise<void> {
  const fd = sys.socket(AF_INET, SOCK_DGRAM);
  sys.bind(fd, { address: '0.0.0.0', port: 69 });
  for (;;) {
    const { data, from } = await sys.recvfrom(fd, 1500);
    const [name = '', , ...options] = text.decode(data.subarray(2)).split('\0');
    const at = options.indexOf('blksize');
    const size = at < 0 ? 512 : Number(options[at + 1]);
    const s = sys.socket(AF_INET, SOCK_DGRAM);
    sys.connect(s, from);
    if (at >= 0) await sys.send(s, `\0\u0006blksize\0${size}\0`);
    if (data[1] === RRQ) await sendFile(sys, s, files.get(name) ?? new Uint8Array(0), size, at >= 0);
    if (data[1] === WRQ) files.set(name, await receiveFile(sys, s, size, at >= 0));
    sys.close(s);
  }
}

async function acknowledged(sys: Sys, s: number, n: number): Promise<void> {
  for (;;) {
    const { data } = await sys.recvfrom(s, 1500);
    if (data[1] === ACK && block(data) === (n & 0xffff)) return;
  }
}

async function sendFile(sys: Sys, s: number, file: Uint8Array, size: number, options: boolean): Promise<void> {
  if (options) await acknowledged(sys, s, 0);
  for (let n = 1, at = 0; at <= file.length; n++, at += size) {
    await sys.send(s, packet(DATA, n, file.subarray(at, at + size)));
    await acknowledged(sys, s, n);
  }
}

async function receiveFile(sys: Sys, s: number, size: number, options: boolean): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  if (!options) await sys.send(s, packet(ACK, 0));
  for (let n = 1; ; n++) {
    let data: Uint8Array;
    do data = (await sys.recvfrom(s, size + 4)).data;
    while (data[1] !== DATA || block(data) !== (n & 0xffff));
    parts.push(data.slice(4));
    await sys.send(s, packet(ACK, n));
    if (data.length < size + 4) return Uint8Array.from(Buffer.concat(parts));
  }
}
