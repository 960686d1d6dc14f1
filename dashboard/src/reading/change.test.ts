// Claims about comparisons in words.
import { expect, test } from 'vitest';
import { describeChange, tooYoungToCompare } from './change';

const BEFORE = 'the 15 minutes before';

function check(now: number | null, before: number | null, said: string): void {
  const { arrow, words } = describeChange(now, before, BEFORE);
  expect(`${arrow} ${words}`.trim().replaceAll('\u202f', ' ')).toBe(said);
}

test('more and less have an arrow and a percentage', () => {
  check(112, 100, '▲ 12 % more than the 15 minutes before');
  check(97.9, 100, '▼ 2.1 % less than the 15 minutes before');
});

test('under half a percent nothing has changed', () => check(100.4, 100, '= as in the 15 minutes before'));

test('from five times on a multiple is said', () => {
  check(520, 100, '▲ 5.2 times the 15 minutes before');
  check(12_345, 1, '▲ 12,345 times the 15 minutes before');
});

test('all gone is a hundred percent less', () => check(0, 80, '▼ 100 % less than the 15 minutes before'));

test('growth from nothing has no percentage', () => check(5, 0, '▲ none in the 15 minutes before'));

test('nothing twice is no change', () => check(0, 0, '= none in the 15 minutes before either'));

test('a mean of no orders is not compared', () => {
  check(null, 10, 'no orders in this range');
  check(10, null, 'no orders in the 15 minutes before');
});

test('a store that is too young is not compared', () => {
  expect(tooYoungToCompare(true)).toEqual({ direction: 'unknown', arrow: '', words: 'no earlier data to compare' });
  expect(tooYoungToCompare(false).words).toBe('too little earlier data to compare');
});
