// A comparison with an earlier period, by arrow and in words; colour comes from the direction, never alone.

/** What a comparison says: which way, the sign for the eye, the words for everyone. */
export interface Change {
  direction: 'up' | 'down' | 'same' | 'unknown';
  arrow: string;
  words: string;
}

// Below half a percent a change rounds to 0 % and is called none.
const SAME_BELOW = 0.005;
// From five times on a percentage is harder to read than a multiple.
const TIMES_FROM = 5;

/** Says how `now` stands to `before`; `period` names the earlier one, e.g. "the 15 minutes before". Only a mean of no orders is null. */
export function describeChange(now: number | null, before: number | null, period: string): Change {
  if (now === null) return unknown('no orders in this range');
  if (before === null) return unknown(`no orders in ${period}`);
  if (before === 0 && now === 0) return same(`none in ${period} either`);
  if (before === 0) return { direction: 'up', arrow: '▲', words: `none in ${period}` };
  return describeRatio(now / before, period);
}

/** The comparison would not be fair: the data begin after the earlier period or inside of it. */
export function tooYoungToCompare(nothingBefore: boolean): Change {
  return unknown(nothingBefore ? 'no earlier data to compare' : 'too little earlier data to compare');
}

function describeRatio(ratio: number, period: string): Change {
  const delta = ratio - 1;
  if (Math.abs(delta) < SAME_BELOW) return same(`as in ${period}`);
  if (ratio >= TIMES_FROM) return { direction: 'up', arrow: '▲', words: `${times(ratio)} times ${period}` };
  const direction = delta > 0 ? 'up' : 'down';
  const percent = percentText(Math.abs(delta) * 100);
  const words = `${percent}\u202f% ${delta > 0 ? 'more' : 'less'} than ${period}`;
  return { direction, arrow: delta > 0 ? '▲' : '▼', words };
}

function same(words: string): Change {
  return { direction: 'same', arrow: '=', words };
}

function unknown(words: string): Change {
  return { direction: 'unknown', arrow: '', words };
}

function percentText(percent: number): string {
  return percent < 9.95 ? String(Number(percent.toFixed(1))) : Math.round(percent).toLocaleString();
}

function times(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString();
}
