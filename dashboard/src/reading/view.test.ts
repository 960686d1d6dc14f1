// Claims about the address: a link shows the same page.
import { expect, test } from 'vitest';
import { DEFAULT_VIEW, isFiltered, readView, writeView, type View } from './view';

const VIEWS: View[] = [
  DEFAULT_VIEW,
  { ...DEFAULT_VIEW, range: { kind: 'last', length: '6h', anchor: 'now' } },
  { ...DEFAULT_VIEW, range: { kind: 'last', length: '15m', anchor: 'newest' } },
  { ...DEFAULT_VIEW, range: { kind: 'all' }, store: 'outlet', currency: 'GBP' },
  { ...DEFAULT_VIEW, range: { kind: 'between', from: Date.parse('2010-12-01T08:26:00Z'), to: Date.parse('2010-12-02T00:00:00Z') } },
  { ...DEFAULT_VIEW, filter: { dimension: 'category', value: 'Home & Kitchen = 50 % / ü' } },
  { ...DEFAULT_VIEW, filter: { dimension: 'country', value: null } },
  { ...DEFAULT_VIEW, filter: { dimension: 'category', value: '' } },
  { ...DEFAULT_VIEW, measures: { products: 'units', countries: 'orders' } },
];

test('a view goes into the address and comes back the same', () => {
  for (const view of VIEWS) expect(readView(writeView(view)), writeView(view)).toEqual(view);
});

test('the default page has a bare address', () => expect(writeView(DEFAULT_VIEW)).toBe(''));

test('two moments are readable in the address', () => {
  expect(decodeURIComponent(writeView(VIEWS[4]!))).toBe('?range=custom&from=2010-12-01T08:26:00Z&to=2010-12-02T00:00:00Z');
});

test('nonsense in the address is the default, never an error', () => {
  for (const search of ['?range=99y', '?range=custom&from=x&to=y', '?range=custom&from=2026-01-02&to=2026-01-01', '?filter=password=1', '?show=..', '?filter=']) {
    expect(readView(search), search).toEqual(DEFAULT_VIEW);
  }
});

test('"not stated" and an empty text are two different filters', () => {
  expect(isFiltered({ dimension: 'country', value: null }, 'country', '')).toBe(false);
  expect(isFiltered({ dimension: 'country', value: null }, 'country', null)).toBe(true);
  expect(isFiltered({ dimension: 'country', value: 'x' }, 'category', 'x')).toBe(false);
});
