// Claims about buckets. A series is written as its values, `.` for a gap, `*` behind the unfinished bucket.
import { expect, test } from 'vitest';
import { OTHER, bucketAt, bucketsOfCells, bucketsOfPulse, lineOfCells, stacked, totalOf, unsettled, type Bounds, type Buckets, type Cell } from './buckets';
import { fromSnapshot } from './pulse';

const at = Date.parse;

function drawn(buckets: Buckets): Record<string, string> {
  const text = (values: (number | null)[]) => values.map((value, bucket) => `${value ?? '.'}${bucket === buckets.unfinished ? '*' : ''}`).join(' ');
  return Object.fromEntries(buckets.series.map((series, index) => [series === OTHER ? 'other' : series, text(buckets.values[index] ?? [])]));
}

function cells(text: string): Cell[] {
  return text.split('; ').filter(Boolean).map((cell) => {
    const [time = '', name = '', value = ''] = cell.split(' ');
    return { start: at(`2026-11-21T${time}:00Z`), name, value: Number(value) };
  });
}

const BOUNDS: Bounds = { from: at('2026-11-21T08:00:00Z'), to: at('2026-11-21T08:05:00Z'), now: at('2026-11-21T08:04:30Z'), oldest: null };

function check(rows: string, bounds: Partial<Bounds>, expected: Record<string, string>): void {
  expect(drawn(bucketsOfCells(cells(rows), '1m', { ...BOUNDS, ...bounds }, ['view', 'order'], 'UTC'))).toEqual(expected);
}

test('a minute without events is zero, the running minute is unfinished', () => {
  check('08:01 view 5; 08:04 view 2; 08:04 order 1', {}, { view: '0 5 0 0 2*', order: '0 0 0 0 1*' });
});

test('types without a band of their own are "other"', () => {
  check('08:01 login 5; 08:01 search 2', {}, { view: '0 0 0 0 0*', order: '0 0 0 0 0*', other: '0 7 0 0 0*' });
});

test('minutes before the first event of the store are gaps', () => {
  check('08:02 view 5', { oldest: at('2026-11-21T08:02:20Z') }, { view: '. . 5 0 0*', order: '. . 0 0 0*' });
});

test('minutes that have not begun are gaps', () => {
  check('08:01 view 5', { now: at('2026-11-21T08:02:59Z') }, { view: '0 5 0* . .', order: '0 0 0* . .' });
});

test('a range of the past has no unfinished bucket', () => {
  check('08:01 view 5', { now: at('2026-11-22T00:00:00Z') }, { view: '0 5 0 0 0', order: '0 0 0 0 0' });
});

test('an answer without rows still has its axis', () => check('', {}, { view: '0 0 0 0 0*', order: '0 0 0 0 0*' }));

test('a range that begins inside a window is drawn from the start of that window', () => {
  const buckets = bucketsOfCells(cells('08:02 view 5'), '1m', { ...BOUNDS, from: at('2026-11-21T08:00:40Z') }, ['view'], 'UTC');
  expect(buckets.starts[0]).toBe(at('2026-11-21T08:00:00Z'));
});

test('days follow the calendar of the store over a change of clocks', () => {
  const rows = ['2026-10-23T22:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'].map((time) => ({ start: at(time), name: 'view', value: 1 }));
  const bounds = { from: at('2026-10-23T22:00:00Z'), to: at('2026-10-26T23:00:00Z'), now: at('2026-12-01T00:00:00Z'), oldest: null };
  expect(drawn(bucketsOfCells(rows, '1d', bounds, ['view'], 'Europe/Berlin'))).toEqual({ view: '1 1 1' });
});

test('the pulse becomes seconds up to the one that runs', () => {
  const tables = fromSnapshot({
    as_of: '2026-11-21T08:00:04Z', watermark: null, newest_event: '2026-11-21T08:00:03Z',
    pulse: [{ t: '2026-11-21T08:00:01Z', counts: { view: 3 } }, { t: '2026-11-21T08:00:03Z', counts: { view: 1, login: 2 } }],
  });
  const buckets = bucketsOfPulse(tables, at('2026-11-21T08:00:04.600Z'), 6, ['view'], { oldest: null, until: Infinity });
  expect(drawn(buckets)).toEqual({ view: '. . 3 0 1 0*', other: '. . 0 0 2 0*' });
  expect(buckets.end).toBe(at('2026-11-21T08:00:05Z'));
});

test('seconds after the stream was lost are gaps', () => {
  const tables = fromSnapshot({ as_of: '2026-11-21T08:00:02Z', watermark: null, newest_event: null, pulse: [{ t: '2026-11-21T08:00:01Z', counts: { view: 3 } }] });
  expect(drawn(bucketsOfPulse(tables, at('2026-11-21T08:00:04Z'), 4, ['view'], { oldest: null, until: tables.asOf }))).toEqual({ view: '3 0 . .*' });
});

test('a shop that is old and quiet has silent seconds, not gaps', () => {
  const tables = fromSnapshot({ as_of: '2026-11-21T08:00:04Z', watermark: null, newest_event: null, pulse: [{ t: '2026-11-21T08:00:03Z', counts: { view: 3 } }] });
  const hearing = { oldest: at('2026-11-21T08:00:02.400Z'), until: Infinity };
  expect(drawn(bucketsOfPulse(tables, tables.asOf, 4, ['view'], hearing))).toEqual({ view: '. 0 3 0*' });
});

test('an empty pulse is all gaps', () => {
  const tables = fromSnapshot({ as_of: '2026-11-21T08:00:04Z', watermark: null, newest_event: null });
  expect(drawn(bucketsOfPulse(tables, tables.asOf, 3, ['view'], { oldest: null, until: Infinity }))).toEqual({ view: '. . .*' });
});

test('the line of a sum is zero without rows, the line of a ratio has a gap', () => {
  const rows = cells('08:01 line 5').map((cell) => ({ ...cell }));
  expect(lineOfCells(rows, '1m', BOUNDS, 0, 'UTC').values).toEqual([0, 5, 0, 0, 0]);
  expect(lineOfCells(rows, '1m', BOUNDS, null, 'UTC').values).toEqual([null, 5, null, null, null]);
});

test('what may still change is unfinished from there on', () => {
  const line = lineOfCells(cells('08:01 line 5'), '1m', BOUNDS, 0, 'UTC');
  const from = (settles_ms: number, now = BOUNDS.now) => unsettled(line, now, settles_ms).unfinished;
  expect([line.unfinished, from(0), from(60_000), from(90_001), from(3_600_000)]).toEqual([4, 4, 3, 2, 0]);
  expect(from(60_000, at('2026-11-21T09:00:00Z'))).toBe(line.unfinished);
});

test('bands stand on each other and gaps stay gaps', () => {
  const buckets: Buckets = { starts: [0, 1], end: 2, series: ['a', 'b'], values: [[1, null], [2, null]], unfinished: -1 };
  expect(stacked(buckets)).toEqual([[1, null], [3, null]]);
  expect([totalOf(buckets, 0), totalOf(buckets, 1)]).toEqual([3, null]);
});

test('a moment belongs to the bucket that holds it', () => {
  const buckets = { starts: [10, 20, 30], end: 40 };
  expect([5, 10, 19, 20, 39, 40].map((time) => bucketAt(buckets, time))).toEqual([-1, 0, 0, 1, 2, -1]);
});
