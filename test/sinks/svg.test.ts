import { describe, expect, test } from 'vitest';
import { journeyStations, journeySvg, LANES, type Station } from '../../src/sinks/index.js';
import { bench, datagram } from './support.js';

/** Element names of an XML text in order; throws where tags do not match or an attribute is not quoted. */
function elements(xml: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const tag = /<(\/?)([a-zA-Z]+)((?: [a-zA-Z0-9:-]+="[^"<]*")*)( ?\/?)>/y;
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    tag.lastIndex = at;
    const found = tag.exec(xml);
    if (found === null) throw new Error(`not a tag: ${xml.slice(at, at + 40)}`);
    const [whole, slash, name, , end] = found as unknown as [string, string, string, string, string];
    if (slash === '/') {
      if (open.pop() !== name) throw new Error(`unexpected </${name}>`);
    } else {
      names.push(name);
      if (end.trim() !== '/') open.push(name);
    }
    at += whole.length;
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(' ')}`);
  return names;
}

async function real(): Promise<Station[]> {
  const b = await bench({ interrupts: 'intx' });
  const id = b.port.send(datagram(20));
  await b.net.run();
  return journeyStations(b.trace.list, id, b.host.id);
}

describe('journeySvg', () => {
  test('a real journey: well-formed, a dot per station, an arrow between each two, all lanes and names', async () => {
    const stations = await real();
    const svg = journeySvg(stations, 'The way of a packet');
    const found = elements(svg);
    const count = (name: string): number => found.filter((n) => n === name).length;
    expect(found[0]).toBe('svg');
    expect(count('circle')).toBe(stations.length);
    expect(svg.match(/marker-end/g)).toHaveLength(stations.length - 1);
    for (const name of [...LANES, ...stations.map((s) => s.name)]) expect(svg).toContain(`>${name}<`);
    expect(svg).not.toMatch(/<script|href|url\((?!#)/);
  });

  test('labels stay inside the picture', async () => {
    const svg = journeySvg(await real(), 'x');
    const width = Number(/width="(\d+)"/.exec(svg)?.[1]);
    for (const [, x, size, anchor, content] of svg.matchAll(
      /<text x="([\d.]+)" y="[\d.]+" font-size="(\d+)" fill="[^"]*" text-anchor="(\w+)"[^>]*>(.*?)<\/text>/g,
    )) {
      // Helvetica: rarely more than 0.56 of the size per letter on average.
      const length = (content as string).replace(/<[^>]*>/g, ' ').length * Number(size) * 0.56;
      const from = anchor === 'end' ? Number(x) - length : anchor === 'middle' ? Number(x) - length / 2 : Number(x);
      expect([content, from >= 0, from + length <= width]).toEqual([content, true, true]);
    }
  });

  test('long runs: figures of one row do not run into each other', () => {
    const at = (time: number, cycle: number): Station => ({ name: 's', lane: 0, time, cycle, detail: '' });
    const svg = journeySvg([at(0, 280_000_000_000), at(1_000_000_000, 300_000_000_000)], 'x');
    const figures = [...svg.matchAll(/<text x="(\d+)" y="(\d+)" font-size="(\d+)"[^>]*text-anchor="end">(\+?\d+)</g)];
    expect(figures.map((f) => f[4])).toEqual(['0', '280000000000', '1000000000', '+1000000000', '300000000000']);
    let edge = 0;
    let row = '';
    for (const [, x, y, size, digits] of figures as unknown as [string, string, string, string, string][]) {
      if (y !== row) edge = 0;
      row = y;
      // Helvetica: a digit is 0.556 of the size wide.
      expect(Number(x) - digits.length * Number(size) * 0.556).toBeGreaterThan(edge);
      edge = Number(x);
    }
  });

  test('text with markup in it is escaped', () => {
    const station: Station = { name: 'a<b', lane: 0, time: 0, cycle: -1, detail: '"x" & </text>' };
    const svg = journeySvg([station], '<title> & "more"');
    elements(svg);
    expect(svg).toContain('a&lt;b');
    expect(svg).toContain('&quot;x&quot; &amp; &lt;/text&gt;');
  });

  test('no stations: still a picture', () => {
    expect(elements(journeySvg([], 'nothing'))[0]).toBe('svg');
  });

  test('same stations: same text', async () => {
    expect(journeySvg(await real(), 'x')).toBe(journeySvg(await real(), 'x'));
  });
});
