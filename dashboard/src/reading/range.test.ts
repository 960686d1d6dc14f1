// Claims about ranges and the questions they become.
import { expect, test } from 'vitest';
import {
  GRANULARITY_MS, LENGTHS, ends, jumpToNewest, lengthMs, lengthOf, queryRange, rangeLabel, sparklineGranularity, timelineGranularity, widenedToQuarters,
  type Range,
} from './range';

const at = Date.parse;
const between = (from: number, to: number) => `${from}–${to}`;

test('every kind of range becomes what the server knows', () => {
  expect(queryRange({ kind: 'last', length: '15m', anchor: 'now' })).toEqual({ last: '15m' });
  expect(queryRange({ kind: 'last', length: '30d', anchor: 'newest' })).toEqual({ last: '30d', anchor: 'newest' });
  expect(queryRange({ kind: 'all' })).toBeNull();
  expect(queryRange({ kind: 'between', from: at('2010-12-01T00:00:00Z'), to: at('2010-12-02T00:00:00Z') }))
    .toEqual({ from: '2010-12-01T00:00:00Z', to: '2010-12-02T00:00:00Z' });
});

test('a range for products starts and ends at whole quarter hours', () => {
  const now = at('2026-11-21T09:07:30Z');
  expect(widenedToQuarters({ kind: 'last', length: '5m', anchor: 'now' }, now, null)).toEqual({ from: '2026-11-21T09:00:00Z', to: '2026-11-21T09:15:00Z' });
  expect(widenedToQuarters({ kind: 'last', length: '15m', anchor: 'now' }, now, null)).toEqual({ from: '2026-11-21T08:45:00Z', to: '2026-11-21T09:15:00Z' });
  expect(widenedToQuarters({ kind: 'all' }, now, null)).toBeNull();
});

test('a range that is whole already stays', () => {
  const range: Range = { kind: 'between', from: at('2026-11-21T08:00:00Z'), to: at('2026-11-21T08:15:00Z') };
  expect(widenedToQuarters(range, 0, null)).toEqual({ from: '2026-11-21T08:00:00Z', to: '2026-11-21T08:15:00Z' });
});

test('a range that ends at the newest event holds that event', () => {
  const newest = at('2010-12-23T17:45:00Z');
  const [from, to] = ends({ kind: 'last', length: '15m', anchor: 'newest' }, at('2026-11-21T00:00:00Z'), newest);
  expect(from <= newest && newest < to).toBe(true);
});

test('the jump takes the smallest length that holds all data', () => {
  const newest = at('2010-12-23T17:49:00Z');
  const jump = (oldest: string) => jumpToNewest(at(oldest), newest);
  expect(jump('2010-12-01T08:26:00Z')).toEqual({ kind: 'last', length: '30d', anchor: 'newest' });
  expect(jump('2010-12-23T17:40:00Z')).toEqual({ kind: 'last', length: '15m', anchor: 'newest' });
  expect(jump('2001-01-01T00:00:00Z')).toEqual({ kind: 'last', length: '30d', anchor: 'newest' });
  expect(jumpToNewest(null, newest)).toEqual({ kind: 'last', length: '15m', anchor: 'newest' });
});

test('a timeline has between 5 and 400 points for every length offered', () => {
  for (const length of LENGTHS) {
    const points = lengthOf(length) / GRANULARITY_MS[timelineGranularity(lengthOf(length)) as '1m'];
    expect(points >= 5 && points <= 400, `${length}: ${points}`).toBe(true);
  }
});

test('a sparkline has no more points than pixels', () => {
  for (const length of LENGTHS) {
    expect(lengthOf(length) / GRANULARITY_MS[sparklineGranularity(lengthOf(length)) as '1m']).toBeLessThanOrEqual(180);
  }
});

test('hours and six hours are drawn by the minute', () => {
  expect([timelineGranularity(lengthOf('1h')), timelineGranularity(lengthOf('6h'))]).toEqual(['1m', '1m']);
});

test('all time is as long as the data', () => {
  expect(lengthMs({ kind: 'all' }, 1000, 5000)).toBe(4000);
});

test('a range that does not move with the clock says so', () => {
  expect(rangeLabel({ kind: 'last', length: '1h', anchor: 'now' }, between)).toBe('Last hour');
  expect(rangeLabel({ kind: 'last', length: '30d', anchor: 'newest' }, between)).toBe('Newest 30 days of data');
  expect(rangeLabel({ kind: 'between', from: 1, to: 2 }, between)).toBe('1–2');
});
