// The time range of the page: its choices, the words for it, and the question it becomes.

/** Lengths offered by the picker, shortest first. */
export const LENGTHS = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const;
/** One of the offered lengths. */
export type Length = (typeof LENGTHS)[number];

/** What the page looks at: a length that ends now or at the newest event, everything, or two moments. */
export type Range =
  | { kind: 'last'; length: Length; anchor: 'now' | 'newest' }
  | { kind: 'all' }
  | { kind: 'between'; from: number; to: number };

/** The width of one point of a series, as the server names it. */
export type Granularity = '1s' | '1m' | '15m' | '1h' | '1d' | 'all';

/** `range` as POST /api/v1/query wants it. */
export type QueryRange = { from: string; to: string } | { last: Length; anchor?: 'newest' } | null;

/** The page starts with this. */
export const DEFAULT_RANGE: Range = { kind: 'last', length: '15m', anchor: 'now' };

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LENGTH_MS: Record<Length, number> = {
  '5m': 5 * MINUTE_MS, '15m': QUARTER_MS, '1h': HOUR_MS, '6h': 6 * HOUR_MS,
  '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS,
};

const LENGTH_WORDS: Record<Length, string> = {
  '5m': '5 minutes', '15m': '15 minutes', '1h': 'hour', '6h': '6 hours', '24h': '24 hours', '7d': '7 days', '30d': '30 days',
};

/** Milliseconds of one granularity; a day may really have 23 or 25 hours. */
export const GRANULARITY_MS: Record<Exclude<Granularity, 'all'>, number> = {
  '1s': 1000, '1m': MINUTE_MS, '15m': QUARTER_MS, '1h': HOUR_MS, '1d': DAY_MS,
};

/** Milliseconds of an offered length. */
export function lengthOf(length: Length): number {
  return LENGTH_MS[length];
}

/** True for the ranges that move with the clock. */
export function isLive(range: Range): boolean {
  return range.kind === 'last' && range.anchor === 'now';
}

/** The name of a length in the picker. */
export function lengthLabel(length: Length): string {
  return `Last ${LENGTH_WORDS[length]}`;
}

/** The range in the header; two moments are written by the caller, who knows the time zone. */
export function rangeLabel(range: Range, between: (from: number, to: number) => string): string {
  if (range.kind === 'all') return 'All time';
  if (range.kind === 'between') return between(range.from, range.to);
  return range.anchor === 'newest' ? `Newest ${LENGTH_WORDS[range.length]} of data` : lengthLabel(range.length);
}

/** Names the period before, for "12 % more than …". */
export function periodBefore(range: Range): string {
  if (range.kind === 'last') return `the ${LENGTH_WORDS[range.length]} before`;
  return 'the period before';
}

/** The range as the server wants it. */
export function queryRange(range: Range): QueryRange {
  if (range.kind === 'all') return null;
  if (range.kind === 'between') return { from: isoTime(range.from), to: isoTime(range.to) };
  return range.anchor === 'newest' ? { last: range.length, anchor: 'newest' } : { last: range.length };
}

/** Times as the server writes them. */
export function isoTime(time: number): string {
  return new Date(time).toISOString().replace('.000Z', 'Z');
}

/** Both ends moved outwards to whole quarter hours, for metrics that have no finer windows. */
export function widenedToQuarters(range: Range, now: number, newest: number | null): QueryRange {
  if (range.kind === 'all') return null;
  const [from, to] = ends(range, now, newest);
  return {
    from: isoTime(Math.floor(from / QUARTER_MS) * QUARTER_MS),
    to: isoTime(Math.ceil(to / QUARTER_MS) * QUARTER_MS),
  };
}

/** First and last moment of a bounded range. */
export function ends(range: Exclude<Range, { kind: 'all' }>, now: number, newest: number | null): [number, number] {
  if (range.kind === 'between') return [range.from, range.to];
  // The newest event itself belongs to the range, and `to` is exclusive.
  const to = range.anchor === 'newest' && newest !== null ? newest + 1 : now;
  return [to - LENGTH_MS[range.length], to];
}

/** How long the range is; for "all" that is the time between the oldest and the newest event. */
export function lengthMs(range: Range, oldest: number | null, newest: number | null): number {
  if (range.kind === 'last') return LENGTH_MS[range.length];
  if (range.kind === 'between') return range.to - range.from;
  return oldest === null || newest === null ? LENGTH_MS['15m'] : newest - oldest;
}

/** The width of a point so that a timeline has 5 to about 400 of them. */
export function timelineGranularity(length_ms: number): Granularity {
  if (length_ms <= 6 * HOUR_MS) return '1m';
  if (length_ms <= 2 * DAY_MS) return '15m';
  if (length_ms <= 14 * DAY_MS) return '1h';
  return '1d';
}

/** The same for a sparkline, which is 100 to 200 pixels wide. */
export function sparklineGranularity(length_ms: number): Granularity {
  if (length_ms <= HOUR_MS) return '1m';
  if (length_ms <= DAY_MS) return '15m';
  if (length_ms <= 7 * DAY_MS) return '1h';
  return '1d';
}

/** Shows the newest data: the smallest length that holds all of them, ending at the newest event. */
export function jumpToNewest(oldest: number | null, newest: number): Range {
  const held = oldest === null ? 0 : newest - oldest;
  const length = LENGTHS.find((one) => one !== '5m' && LENGTH_MS[one] > held) ?? '30d';
  return { kind: 'last', length, anchor: 'newest' };
}
