// Claims about filters in questions and values in rows.
import { expect, test } from 'vitest';
import { countedRows, narrowing, numberIn, textIn } from './question';
import type { Metric } from '../api/catalogue';

const metric = (name: string, dimensions: string[]): [string, Metric] => [
  name, { name, label: name, kind: 'count', unit: null, definition: '', formula: '', dimensions, grains: [] },
];
const CATALOGUE = new Map([metric('orders', ['country', 'category']), metric('events', ['type', 'country'])]);

test('a filter narrows only if every metric has the dimension', () => {
  const filter = { dimension: 'category' as const, value: 'Books' };
  expect(narrowing(filter, ['orders'], CATALOGUE)).toEqual({ dimensions: ['category'], filters: { category: ['Books'] } });
  expect(narrowing(filter, ['orders', 'events'], CATALOGUE)).toBeNull();
  expect(narrowing(filter, ['unheard_of'], CATALOGUE)).toBeNull();
});

test('no filter narrows nothing', () => expect(narrowing(null, ['orders'], CATALOGUE)).toEqual({}));

test('null is no value and zero is one', () => {
  const row = { aov: null, orders: 0, revenue: '12.50', category: null };
  expect([numberIn(row, 'aov'), numberIn(row, 'orders'), numberIn(row, 'revenue'), numberIn(row, 'nothing')]).toEqual([null, 0, 12.5, null]);
  expect([textIn(row, 'category'), textIn(row, 'revenue')]).toEqual([null, '12.50']);
});

test('rows that count nothing are no rows', () => {
  expect(countedRows([{ orders: 0 }, { orders: 2 }, { orders: null }], ['orders'])).toEqual([{ orders: 2 }]);
});
