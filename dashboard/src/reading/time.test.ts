// Claims about times; the tests run in New York so that only the store's zone can make them true.
import { expect, test } from 'vitest';
import { age, calendarDay, clockTime, instantOf, moment, nextDay, span, wallTime } from './time';

const at = Date.parse;
const NOW = at('2026-11-21T14:05:00Z');

test('times are those of the store, not of the reader', () => {
  expect(clockTime(at('2026-11-21T08:00:05Z'), 'UTC', 'second')).toBe('08:00:05');
  expect(clockTime(at('2026-11-21T08:00:05Z'), 'Europe/Berlin')).toBe('09:00');
  expect(calendarDay(at('2026-11-21T23:30:00Z'), 'Europe/Berlin')).toBe('22 Nov 2026');
});

test('midnight is 00:00', () => expect(clockTime(at('2026-11-21T00:00:00Z'), 'UTC')).toBe('00:00'));

test('a moment of another day names the day', () => {
  expect(moment(at('2026-11-21T14:02:00Z'), NOW, 'UTC')).toBe('14:02');
  expect(moment(at('2010-12-23T17:49:00Z'), NOW, 'UTC')).toBe('23 Dec 2010, 17:49');
});

test('a span names its day once', () => {
  expect(span(at('2026-11-21T13:50:00Z'), NOW, NOW, 'UTC')).toBe('13:50–14:05');
  expect(span(at('2010-12-23T10:00:00Z'), at('2010-12-23T11:00:00Z'), NOW, 'UTC')).toBe('23 Dec 2010, 10:00–11:00');
  expect(span(at('2010-12-01T00:00:00Z'), at('2010-12-24T00:00:00Z'), NOW, 'UTC')).toBe('1 Dec 2010 – 23 Dec 2010');
  expect(span(at('2026-11-20T22:00:00Z'), at('2026-11-21T02:00:00Z'), NOW, 'UTC')).toBe('20 Nov 2026, 22:00 – 21 Nov 2026, 02:00');
});

test('an age has one unit', () => {
  expect([400, 9960, 12_900, 200_000, 7_300_000, 5 * 86_400_000, -50].map((ms) => age(ms).replace('\u202f', ' ')))
    .toEqual(['0.4 s', '9 s', '12 s', '3 min', '2 h', '5 days', '0.0 s']);
});

test('a wall time goes to its instant and back', () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']) {
    for (const wall of ['2026-01-15T09:30', '2026-07-15T23:59', '2010-12-01T00:00']) {
      expect(wallTime(instantOf(wall, zone) ?? 0, zone), zone).toBe(wall);
    }
  }
});

test('an hour that happens twice means the first one', () => {
  expect(instantOf('2026-10-25T02:30', 'Europe/Berlin')).toBe(at('2026-10-25T00:30:00Z'));
});

test('an hour that never happens means the one after the gap', () => {
  expect(wallTime(instantOf('2026-03-29T02:30', 'Europe/Berlin') ?? 0, 'Europe/Berlin')).toBe('2026-03-29T03:30');
});

test('text that is no time is no instant', () => {
  expect([instantOf('', 'UTC'), instantOf('2026-13-40T99:99', 'UTC')]).toEqual([null, null]);
});

test('days have 23 and 25 hours where clocks change', () => {
  const hours = (day: string) => (nextDay(instantOf(`${day}T00:00`, 'Europe/Berlin') ?? 0, 'Europe/Berlin') - (instantOf(`${day}T00:00`, 'Europe/Berlin') ?? 0)) / 3_600_000;
  expect([hours('2026-03-29'), hours('2026-06-01'), hours('2026-10-25')]).toEqual([23, 24, 25]);
});
