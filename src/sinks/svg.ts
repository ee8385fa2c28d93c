import { LANES, type Station } from './journey.js';

const ROW = 30;
const TOP = 96;
const LEFT = 150;
const LANE = 118;
const INK = '#1f2933';
const SOFT = '#8895a7';
const COLOURS: readonly string[] = ['#0b7285', '#1864ab', '#5f3dc4', '#a61e4d', '#c92a2a', '#2b8a3e', '#d9480f'];

/** The way of one packet as a sequence diagram (SVG 1.1, no scripts, no outside fonts): a column per place, time running down. */
export function journeySvg(stations: readonly Station[], title: string): string {
  const width = LEFT + LANE * LANES.length + 20;
  const height = TOP + ROW * stations.length + 30;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="30" font-size="17" font-weight="bold" fill="${INK}">${escapeXml(title)}</text>`,
    ...LANES.map((name, i) => lane(name, i, height)),
    ...stations.map((s, i) => station(stations, s, i)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function laneX(lane: number): number {
  return LEFT + LANE * lane + LANE / 2;
}

function lane(name: string, i: number, height: number): string {
  const x = laneX(i);
  const colour = COLOURS[i] as string;
  return [
    `<rect x="${x - 46}" y="48" width="92" height="26" rx="5" fill="${colour}"/>`,
    `<text x="${x}" y="65" font-size="12" font-weight="bold" fill="#ffffff" text-anchor="middle">${name}</text>`,
    `<line x1="${x}" y1="74" x2="${x}" y2="${height - 14}" stroke="${colour}" stroke-opacity="0.25" stroke-width="2"/>`,
  ].join('\n');
}

function station(all: readonly Station[], s: Station, i: number): string {
  const y = TOP + ROW * i;
  const x = laneX(s.lane);
  const start = (all[0] as Station).time;
  const before = all[i - 1];
  const colour = COLOURS[s.lane] as string;
  const out: string[] = [
    `<text x="${LEFT - 12}" y="${y + 4}" font-size="11" fill="${INK}" text-anchor="end">${s.time - start} ns</text>`,
  ];
  if (before !== undefined && before.time !== s.time) {
    out.push(`<text x="20" y="${y + 4}" font-size="10" fill="${SOFT}">+${s.time - before.time}</text>`);
  }
  if (before !== undefined) {
    const x0 = laneX(before.lane);
    out.push(`<path d="M${x0} ${y - ROW + 5} L${x} ${y - 5}" stroke="${SOFT}" stroke-width="1.4" fill="none"/>`);
  }
  out.push(`<circle cx="${x}" cy="${y}" r="5" fill="${colour}"><title>${escapeXml(s.detail)}</title></circle>`);
  // Text goes to the side where it fits, so that the last columns stay inside the picture.
  const right = s.lane < LANES.length - 2;
  const label = `${s.name}${s.detail === '' ? '' : ` (${s.detail})`}`;
  const tx = right ? x + 10 : x - 10;
  out.push(
    `<text x="${tx}" y="${y + 4}" font-size="11" fill="${INK}" text-anchor="${right ? 'start' : 'end'}" paint-order="stroke" stroke="#ffffff" stroke-width="3">${escapeXml(label)}</text>`,
  );
  return out.join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
