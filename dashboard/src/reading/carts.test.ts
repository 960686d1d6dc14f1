// Claims about carts in words.
import { expect, test } from 'vitest';
import { abandonmentWords, cartRange, listWords, rankedReasons, reasonWords, stakeWords, worthWords } from './carts';
import type { CartSummary } from '../api/carts';

const SUMMARY: CartSummary = {
  total: 3, cut: false, since: null, as_of: '', states: [],
  reasons: [
    { reason: 'none', carts: 9, values: [] },
    { reason: 'login_wall', carts: 1, values: [] },
    { reason: 'payment_error', carts: 2, values: [] },
  ],
};

test('what is known comes before what is not', () => {
  expect(rankedReasons(SUMMARY).map((one) => one.reason)).toEqual(['payment_error', 'login_wall', 'none']);
});

test('a reason nobody has words for keeps its name', () => {
  expect([reasonWords('payment_error'), reasonWords('bad_weather')]).toEqual(['payment failed', 'bad weather']);
});

test('currencies stand side by side and are never added', () => {
  const values = [{ currency: 'EUR', value: '10.00' }, { currency: 'USD', value: '21900.00' }];
  expect(stakeWords(values, 'USD')).toBe('21.9\u202fk\u00a0USD, 10.00\u00a0EUR at stake');
  expect(stakeWords([], 'USD')).toBe('no known prices in them');
  expect(worthWords(values)).toBe('10.00\u00a0EUR, 21,900.00\u00a0USD');
});

test('abandonment is told as of how many', () => {
  expect(abandonmentWords(128, 312)).toBe('41\u202f% of carts were abandoned: 128 of 312.');
  expect(abandonmentWords(0, 12)).toBe('None of 12 carts was abandoned.');
  expect(abandonmentWords(1, 1)).toBe('The only cart was abandoned.');
  expect(abandonmentWords(0, 0)).toBe('No cart was begun.');
});

test('a list that does not hold all says of how many it tells', () => {
  expect(listWords(SUMMARY, 3)).toBe('reasons of 3 abandoned carts');
  expect(listWords(SUMMARY, 9)).toBe('reasons of the 3 abandoned carts that are listed');
  expect(listWords({ ...SUMMARY, total: 1000, cut: true }, 0)).toBe('reasons of the 1,000 abandoned carts that are listed');
  expect(listWords({ ...SUMMARY, total: 1 }, 1)).toBe('reasons of 1 abandoned cart');
});

test('a range too short for abandoned carts becomes a day with the same end', () => {
  const now = Date.parse('2026-03-02T12:00:00Z');
  expect(cartRange({ kind: 'last', length: '15m', anchor: 'now' }, now, null)).toEqual({ range: { last: '24h' }, widened: true });
  expect(cartRange({ kind: 'last', length: '1h', anchor: 'newest' }, now, now)).toEqual({ range: { last: '24h', anchor: 'newest' }, widened: true });
  expect(cartRange({ kind: 'last', length: '7d', anchor: 'now' }, now, null)).toEqual({ range: { last: '7d' }, widened: false });
  expect(cartRange({ kind: 'all' }, now, null)).toEqual({ range: null, widened: false });
  expect(cartRange({ kind: 'between', from: now - 3_600_000, to: now }, now, null)).toEqual({
    range: { from: '2026-03-01T12:00:00Z', to: '2026-03-02T12:00:00Z' }, widened: true,
  });
});
