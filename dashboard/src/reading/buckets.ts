// Rows and pulses become equal buckets of a few series and "other", ready to be stacked.
// A bucket nothing can be known about is a gap; a bucket without events is zero.
import { GRANULARITY_MS, type Granularity } from './range';
import type { LiveTables } from './pulse';
import { nextDay } from './time';

/** Name of the series that holds everything not named. */
export const OTHER = '\u0000other';

/** Buckets in order of time; `values[series][bucket]`, null is a gap. */
export interface Buckets {
  /** Start of each bucket in milliseconds. */
  starts: number[];
  /** End of the last bucket. */
  end: number;
  series: string[];
  values: (number | null)[][];
  /** The bucket from which on they are still filling, mostly the last; or -1. */
  unfinished: number;
}

/** One cell of an answer by type and window. */
export interface Cell {
  start: number;
  name: string;
  value: number;
}

/** Bounds of what the answer can know. */
export interface Bounds {
  from: number;
  to: number;
  now: number;
  oldest: number | null;
}

/** When a pulse can be trusted: a silent second between these two had no events, others are gaps. */
export interface Hearing {
  /** The oldest event of the store; if it is not known, the first second of the pulse stands for it. */
  oldest: number | null;
  /** The last message of a stream that was lost, else the present. */
  until: number;
}

/** One-second buckets of the last `seconds` from the pulse. */
export function bucketsOfPulse(tables: LiveTables, now: number, seconds: number, named: readonly string[], hearing: Hearing): Buckets {
  const last = Math.floor(now / 1000);
  const starts = Array.from({ length: seconds }, (_, index) => (last - seconds + 1 + index) * 1000);
  const oldest = hearing.oldest === null ? Math.min(...tables.pulse.keys()) : Math.floor(hearing.oldest / 1000);
  const values = emptySeries(named.length + 1, seconds);
  starts.forEach((start, bucket) => {
    const second = start / 1000;
    if (second < oldest || start > hearing.until) return;
    fill(values, bucket, tables.pulse.get(second) ?? {}, named);
  });
  return withoutEmptyOther({ starts, end: (last + 1) * 1000, series: [...named, OTHER], values, unfinished: seconds - 1 });
}

/** Buckets of an answer with `window_start`; days follow the store's calendar. */
export function bucketsOfCells(
  cells: readonly Cell[], granularity: Exclude<Granularity, 'all'>, bounds: Bounds, named: readonly string[], timezone: string,
): Buckets {
  const { starts, end } = windowStarts(cells, granularity, bounds, timezone);
  const index = new Map(starts.map((start, bucket) => [start, bucket]));
  const counts = starts.map((): Record<string, number> => ({}));
  for (const cell of cells) {
    const bucket = counts[index.get(cell.start) ?? -1];
    if (bucket) bucket[cell.name] = (bucket[cell.name] ?? 0) + cell.value;
  }
  const values = emptySeries(named.length + 1, starts.length);
  starts.forEach((start, bucket) => {
    const next = starts[bucket + 1] ?? end;
    const beforeData = bounds.oldest !== null && next <= bounds.oldest;
    if (!beforeData && start <= bounds.now) fill(values, bucket, counts[bucket] ?? {}, named);
  });
  const unfinished = starts.findIndex((start, bucket) => start <= bounds.now && bounds.now < (starts[bucket + 1] ?? end));
  return withoutEmptyOther({ starts, end, series: [...named, OTHER], values, unfinished });
}

/** One line over time. */
export type Line = Pick<Buckets, 'starts' | 'end' | 'unfinished'> & { values: (number | null)[] };

/** A line of an answer with `window_start`; `absent` is the value of a window without a row: 0 of a sum, null of a ratio. */
export function lineOfCells(
  cells: readonly Cell[], granularity: Exclude<Granularity, 'all'>, bounds: Bounds, absent: 0 | null, timezone: string,
): Line {
  const { starts, end, unfinished, values } = bucketsOfCells(cells, granularity, bounds, ['line'], timezone);
  const found = new Map(cells.map((cell) => [cell.start, cell.value]));
  const line = starts.map((start, bucket) => ((values[0]?.[bucket] ?? null) === null ? null : (found.get(start) ?? absent)));
  return { starts, end, unfinished, values: line };
}

/** The line with everything unfinished from the first bucket on that may still change `settles_ms` after its end. */
export function unsettled(line: Line, now: number, settles_ms: number): Line {
  const first = line.starts.findIndex((start, bucket) => start <= now && now < (line.starts[bucket + 1] ?? line.end) + settles_ms);
  return first < 0 ? line : { ...line, unfinished: first };
}

/** Sum over all series of one bucket, null for a gap. */
export function totalOf(buckets: Buckets, bucket: number): number | null {
  let total: number | null = null;
  for (const values of buckets.values) {
    const value = values[bucket];
    if (value !== null && value !== undefined) total = (total ?? 0) + value;
  }
  return total;
}

/** For every series the running sums from the bottom: the outline a stacked chart draws. */
export function stacked(buckets: Buckets): (number | null)[][] {
  const below = new Array<number>(buckets.starts.length).fill(0);
  return buckets.values.map((values) =>
    values.map((value, bucket) => {
      if (value === null) return null;
      below[bucket] = (below[bucket] ?? 0) + value;
      return below[bucket] ?? 0;
    }),
  );
}

/** The bucket that holds a moment, or -1. */
export function bucketAt(buckets: Pick<Buckets, 'starts' | 'end'>, time: number): number {
  if (time >= buckets.end) return -1;
  let low = 0;
  let high = buckets.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((buckets.starts[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function windowStarts(
  cells: readonly Cell[], granularity: Exclude<Granularity, 'all'>, bounds: Bounds, timezone: string,
): { starts: number[]; end: number } {
  const step = GRANULARITY_MS[granularity];
  const next = (start: number) => (granularity === '1d' ? nextDay(start, timezone) : start + step);
  // Any window the server named fixes the raster; without one the range itself does.
  const anchor = cells.reduce((least, cell) => Math.min(least, cell.start), Infinity);
  let start = firstStart(Number.isFinite(anchor) ? anchor : Math.floor(bounds.from / step) * step, step, granularity, bounds.from);
  const starts: number[] = [];
  while (start < bounds.to && starts.length < BUCKETS_MAX) {
    starts.push(start);
    start = next(start);
  }
  return { starts, end: start };
}

// 6 hours of minutes are 360, a custom range may ask for ten years of days.
const BUCKETS_MAX = 4000;

function firstStart(anchor: number, step: number, granularity: Granularity, from: number): number {
  if (granularity === '1d') return anchor; // days before the first with data would all be gaps
  return anchor - Math.ceil((anchor - from) / step) * step; // the window that holds `from`
}

function fill(values: (number | null)[][], bucket: number, counts: Readonly<Record<string, number>>, named: readonly string[]): void {
  let rest = 0;
  for (const [name, count] of Object.entries(counts)) if (!named.includes(name)) rest += count;
  named.forEach((name, series) => put(values, series, bucket, counts[name] ?? 0));
  put(values, named.length, bucket, rest);
}

function put(values: (number | null)[][], series: number, bucket: number, value: number): void {
  const row = values[series];
  if (row) row[bucket] = value;
}

function emptySeries(series: number, buckets: number): (number | null)[][] {
  return Array.from({ length: series }, () => new Array<number | null>(buckets).fill(null));
}

function withoutEmptyOther(buckets: Buckets): Buckets {
  const last = buckets.values.length - 1;
  if (buckets.values[last]?.some((value) => value !== null && value > 0)) return buckets;
  return { ...buckets, series: buckets.series.slice(0, last), values: buckets.values.slice(0, last) };
}
