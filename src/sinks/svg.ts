import { LANES, type Station } from './station.js';

const ROW = 28;
const TOP = 112;
const LEFT = 246;
const LANE = 124;
const RIGHT = 24;
const INK = '#1f2933';
const SOFT = '#66758a';
const BAND = '#f3f6f9';
const COLOURS: readonly string[] = ['#0b7285', '#1864ab', '#5f3dc4', '#a61e4d', '#c92a2a', '#2b8a3e', '#b3480a'];
/** From this column on a label stands to the left of its dot, so that it stays inside the picture. */
const LEFTWARD = 5;
/** Right edges of the columns of figures. */
const TIME_X = 74;
const DELTA_X = 148;
const CYCLE_X = 236;

/**
 * The way of one packet as a sequence diagram (SVG 1.1, no scripts, no outside fonts): a column per place, time running down, a band per instant.
 * The same stations give the same text.
 */
export function journeySvg(stations: readonly Station[], title: string): string {
  const width = LEFT + LANE * LANES.length + RIGHT;
  const height = TOP + ROW * stations.length + 36;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif">`,
    `<title>${escapeXml(title)}</title>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="${SOFT}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...bands(stations, width),
    label(20, 32, escapeXml(title), { size: 18, weight: 'bold' }),
    label(TIME_X, 84, 'ns', { size: 11, fill: SOFT, anchor: 'end' }),
    label(DELTA_X, 84, '+ ns', { size: 11, fill: SOFT, anchor: 'end' }),
    label(CYCLE_X, 84, 'CPU cycle', { size: 11, fill: SOFT, anchor: 'end' }),
    ...LANES.map((name, i) => lane(name, i, height)),
    // Arrows first: a label may cross one, and must stay readable.
    ...stations.map((s, i) => arrow(stations[i - 1], s, i)),
    ...stations.map((s, i) => station(stations, s, i)),
    label(20, height - 14, 'virtual time since the first station; cycles at the start of the block of code', {
      size: 10,
      fill: SOFT,
    }),
    '</svg>',
  ];
  return `${parts.filter((p) => p !== '').join('\n')}\n`;
}

function laneX(lane: number): number {
  return LEFT + LANE * lane + LANE / 2;
}

function rowY(i: number): number {
  return TOP + ROW * i;
}

/** Every other instant is shaded: stations in one band happened at the same time. */
function bands(stations: readonly Station[], width: number): string[] {
  const out: string[] = [];
  let shaded = false;
  let from = 0;
  for (let i = 1; i <= stations.length; i++) {
    if (i < stations.length && stations[i]?.time === stations[from]?.time) continue;
    const height = ROW * (i - from);
    if (shaded)
      out.push(`<rect x="12" y="${rowY(from) - ROW / 2}" width="${width - 24}" height="${height}" fill="${BAND}"/>`);
    shaded = !shaded;
    from = i;
  }
  return out;
}

function lane(name: string, i: number, height: number): string {
  const x = laneX(i);
  const colour = COLOURS[i] as string;
  return [
    `<rect x="${x - 50}" y="66" width="100" height="26" rx="5" fill="${colour}"/>`,
    label(x, 83, name, { size: 12, weight: 'bold', fill: '#ffffff', anchor: 'middle' }),
    `<line x1="${x}" y1="92" x2="${x}" y2="${height - 34}" stroke="${colour}" stroke-opacity="0.3" stroke-width="2"/>`,
  ].join('\n');
}

/** From dot to dot, between the rows, so that no label lies in its way. */
function arrow(before: Station | undefined, s: Station, i: number): string {
  if (before === undefined) return '';
  const x0 = laneX(before.lane);
  const x = laneX(s.lane);
  const across = x === x0 ? '' : ` V${rowY(i) - ROW / 2} H${x}`;
  return `<path d="M${x0} ${rowY(i - 1) + 6}${across} V${rowY(i) - 5}" stroke="${SOFT}" stroke-width="1.3" stroke-linejoin="round" fill="none" marker-end="url(#tip)"/>`;
}

function station(all: readonly Station[], s: Station, i: number): string {
  const y = rowY(i);
  const x = laneX(s.lane);
  const before = all[i - 1];
  const colour = COLOURS[s.lane] as string;
  const out: string[] = [];
  if (before === undefined || before.time !== s.time) {
    out.push(label(TIME_X, y + 4, `${s.time - (all[0] as Station).time}`, { size: 12, anchor: 'end' }));
    if (before !== undefined)
      out.push(label(DELTA_X, y + 4, `+${s.time - before.time}`, { size: 11, fill: SOFT, anchor: 'end' }));
  }
  if (s.cycle >= 0 && s.cycle !== before?.cycle) {
    out.push(label(CYCLE_X, y + 4, `${s.cycle}`, { size: 11, fill: SOFT, anchor: 'end' }));
  }
  out.push(`<circle cx="${x}" cy="${y}" r="5" fill="${colour}"/>`);
  const detail = s.detail === '' ? '' : `<tspan dx="6" fill="${SOFT}">${escapeXml(s.detail)}</tspan>`;
  const name = `<tspan font-weight="bold">${escapeXml(s.name)}</tspan>`;
  const leftward = s.lane >= LEFTWARD;
  out.push(
    label(leftward ? x - 11 : x + 11, y + 4, `${name}${detail}`, {
      size: 12,
      anchor: leftward ? 'end' : 'start',
      halo: true,
    }),
  );
  return out.join('\n');
}

interface LabelStyle {
  size: number;
  fill?: string;
  anchor?: 'start' | 'middle' | 'end';
  weight?: 'bold';
  /** A rim of the background's colour, for text across lines. */
  halo?: boolean;
}

/** `content` is markup. */
function label(x: number, y: number, content: string, style: LabelStyle): string {
  const { size, fill = INK, anchor = 'start', weight, halo = false } = style;
  const bold = weight === undefined ? '' : ` font-weight="${weight}"`;
  const rim = halo
    ? ' paint-order="stroke" stroke="#ffffff" stroke-opacity="0.8" stroke-width="3" stroke-linejoin="round"'
    : '';
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" text-anchor="${anchor}"${bold}${rim}>${content}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
