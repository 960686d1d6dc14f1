// Claims about a card's four states and its way to a table.
import { createRawSnippet } from 'svelte';
import { render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import Card from './Card.svelte';
import { Problem } from '../api/problem';
import { numberCell, textCell } from '../reading/export';
import { DEFAULT_VIEW } from '../reading/view';
import { data } from '../state/data.svelte';
import { view } from '../state/view.svelte';

const chart = createRawSnippet(() => ({ render: () => '<p>the chart</p>' }));

const BASE = {
  area: 'x', title: 'What sells?', metrics: ['revenue'], subject: 'orders', command: 'shopstream ingest orders.csv', asOf: '2026-11-21T08:57:52Z',
  table: { columns: [{ name: 'product', label: 'Product', align: 'left' as const }, { name: 'n', label: 'N', align: 'right' as const }], rows: [[textCell('Lamp'), numberCell('5', 5)]] },
  curl: 'curl', children: chart,
};

beforeEach(() => {
  data.newest = Date.parse('2010-12-23T17:49:00Z');
  data.oldest = Date.parse('2010-12-01T08:26:00Z');
});
afterEach(() => {
  view.change(DEFAULT_VIEW);
});

test('with rows it shows the chart and how old it is', () => {
  render(Card, { ...BASE, content: 'chart' });
  expect(screen.getByText('the chart')).toBeTruthy();
  expect(screen.getByText('as of 08:57:52')).toBeTruthy();
  expect(screen.getByRole('region', { name: 'What sells?' })).toBeTruthy();
});

test('before the first answer it says that it loads', () => {
  render(Card, { ...BASE, content: 'loading', asOf: null });
  expect(screen.getByRole('status', { name: 'Loading' })).toBeTruthy();
});

test('an empty store names the command that fills it', () => {
  render(Card, { ...BASE, content: 'empty' });
  expect(screen.getByText('No orders yet')).toBeTruthy();
  expect(screen.getByText('shopstream ingest orders.csv')).toBeTruthy();
});

test('data outside the range can be jumped to', () => {
  render(Card, { ...BASE, content: 'outside' });
  expect(screen.getByText('No orders in the last 15 minutes')).toBeTruthy();
  expect(screen.getByText(/23 Dec 2010, 17:49/)).toBeTruthy();
  screen.getByRole('button', { name: 'Jump to the newest data' }).click();
  expect(view.current.range).toEqual({ kind: 'last', length: '30d', anchor: 'newest' });
  expect(location.search).toBe('?range=30d&anchor=newest');
});

test('a filter that leaves nothing can be removed', () => {
  view.change({ filter: { dimension: 'category', value: 'Books' } });
  render(Card, { ...BASE, content: 'other-kind', narrowed: true });
  screen.getByRole('button', { name: 'Remove the filter' }).click();
  expect(view.current.filter).toBeNull();
});

test('an error says why, what to do and the trace, and can be tried again', () => {
  const retry = vi.fn();
  const problem = new Problem(503, 'The stream is replaying', '45 % are done.', 'Try again in a minute.', '4bf92f');
  render(Card, { ...BASE, content: 'error', problem, retry });
  for (const text of ['The stream is replaying', '45 % are done.', 'Try again in a minute.', '4bf92f']) expect(screen.getByText(text)).toBeTruthy();
  screen.getByRole('button', { name: 'Try again' }).click();
  expect(retry).toHaveBeenCalledOnce();
});

test('an error after good answers keeps the chart and says that it is not renewed', () => {
  render(Card, { ...BASE, content: 'chart', problem: new Problem(0, 'The server does not answer', '') });
  expect(screen.getByText('the chart')).toBeTruthy();
  expect(screen.getByText(/Not renewed: the server does not answer/)).toBeTruthy();
});

test('a card that cannot use the filter says so', () => {
  view.change({ filter: { dimension: 'category', value: 'Books' } });
  render(Card, { ...BASE, content: 'chart', narrowed: false, note: 'in EUR' });
  expect(screen.getByText('not narrowed by the filter · in EUR')).toBeTruthy();
});
