// Claims about measures that come with the server's metrics.
import { expect, test } from 'vitest';
import { MEASURES, keptBy } from './measure';
import type { Metric } from '../api/catalogue';

const metric = (name: string, dimensions: string[]): [string, Metric] => [
  name, { name, label: name, kind: 'count', unit: null, definition: '', formula: '', dimensions, grains: [] },
];

test('only what the server keeps by a dimension is offered by it', () => {
  const catalogue = new Map([metric('payment_attempts', ['payment_method']), metric('orders', ['country']), metric('revenue', ['payment_method'])]);
  const asked = [MEASURES.payments, MEASURES.attempts, MEASURES.orders, MEASURES.revenue];
  expect(keptBy('payment_method', asked, catalogue).map((one) => one.name)).toEqual(['attempts', 'revenue']);
  expect(keptBy('payment_method', asked, new Map())).toEqual([]);
});
