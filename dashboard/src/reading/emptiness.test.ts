// Claims about the states of a card without rows.
import { expect, test } from 'vitest';
import { contentOf } from './emptiness';

const RANGE = { from: 100, to: 200 };

test('a store without events is empty', () => expect(contentOf({ rows: 0, newest: null, range: RANGE })).toBe('empty'));

test('events before or after the range lie outside', () => {
  expect(contentOf({ rows: 0, newest: 99, range: RANGE })).toBe('outside');
  expect(contentOf({ rows: 0, newest: 200, range: RANGE })).toBe('outside');
});

test('events in the range that are not counted here are of another kind', () => {
  expect(contentOf({ rows: 0, newest: 150, range: RANGE })).toBe('other-kind');
  expect(contentOf({ rows: 0, newest: 150, range: null })).toBe('other-kind');
});

test('any row is drawn, even one the bounds do not know yet', () => {
  expect(contentOf({ rows: 1, newest: null, range: RANGE })).toBe('chart');
});
