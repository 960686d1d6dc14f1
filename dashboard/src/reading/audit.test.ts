// Claims about the audit as a card shows it: lines in the order one looks for, ranges of receipt, and the state they mean.
import { expect, test } from 'vitest';
import type { AuditLine, QualityRow } from '../api/audit';
import { auditTable, hasFaults, qualityTable, receiptContent, receiptRange } from './audit';
import { toCsv, type Table } from './export';

const NOW = Date.parse('2026-11-21T12:30:00Z');

function line(part: Partial<AuditLine>): AuditLine {
  const counts = { rows_read: 0, received: 0, accepted: 0, duplicate: 0, quarantined: 0, counted: 0, late: 0, retracted: 0, in_flight: 0 };
  return { ...counts, law_holds: true, part: 'all', ...part };
}

function row(part: Partial<QualityRow>): QualityRow {
  const nothing = { nulls: null, null_share: null, invalid: 0, invalid_share: 0, duplicates: 0, steps: {} };
  return { source: 'http:a', name: 'till', store: 'main', field: 'country', rows: 1200, ...nothing, ...part };
}

const column = (table: Table, at: number) => table.rows.map((cells) => cells[at]?.shown);

test('sources are told largest first, by their names', () => {
  const lines = [
    line({ source: 'http:a', name: 'till', store: 'main', received: 5 }), line({ source: 'file:b', name: 'orders.csv', store: 'main', received: 1200 }),
    line({ source: '', name: 'older sources', store: 'main', received: 7 }), line({ part: 'in_flight', received: 2, in_flight: 2 }),
  ];
  const table = auditTable(lines, 'source,store', NOW, 'UTC');
  expect(column(table, 0)).toEqual(['orders.csv', 'older sources', 'till', 'not read yet']);
  expect(column(table, 2)[0]).toBe('1,200');
  expect(toCsv(table).split('\r\n')[1]).toBe('file:b,main,1200,0,0,0,0,0,0,0,0,holds');
});

test('hours are told newest first in the store’s time, what is not read yet before them, what is too old behind', () => {
  const hour = (text: string) => line({ part: 'hour', hour: text });
  const lines = [line({ part: 'before' }), hour('2026-11-20T23:00:00Z'), hour('2026-11-21T11:00:00Z'), line({ part: 'in_flight' })];
  const table = auditTable(lines, 'hour', NOW, 'Europe/Berlin');
  expect(column(table, 0)).toEqual(['not read yet', '12:00', '00:00', 'before']);
  expect(toCsv(table)).toContain('2026-11-21T11:00:00Z,0,0');
});

test('a line that breaks the law says so', () => {
  expect(column(auditTable([line({ law_holds: false })], 'store', NOW, 'UTC'), 10)).toEqual(['broken']);
});

test('quality tells shares and steps, the most frequent step first', () => {
  const table = qualityTable([row({ nulls: 30, null_share: 0.025, invalid: 3, invalid_share: 0.0025, steps: { price_invalid: 1, price_negative: 2 } }), row({ field: 'event' })]);
  expect(table.rows[0]?.map((cell) => cell.shown)).toEqual([
    'till', 'main', 'country', '1,200', '30', '2.5\u202f%', '3', '0.3\u202f%', '0', 'price_negative 2, price_invalid 1',
  ]);
  expect(table.rows[1]?.[4]?.shown).toBe('–');
});

test('only what was set aside or came again speaks against a field', () => {
  expect([row({ nulls: 9 }), row({ invalid: 1 }), row({ duplicates: 1 })].map(hasFaults)).toEqual([false, true, true]);
});

test('a range that ends now has no end, one of old files means all receipts', () => {
  expect(receiptRange({ kind: 'last', length: '15m', anchor: 'now' }, NOW)).toEqual({ from: '2026-11-21T12:15:00Z' });
  expect(receiptRange({ kind: 'last', length: '30d', anchor: 'newest' }, NOW)).toEqual({});
  expect(receiptRange({ kind: 'all' }, NOW)).toEqual({});
  expect(receiptRange({ kind: 'between', from: NOW - 60_000, to: NOW }, NOW)).toEqual({ from: '2026-11-21T12:29:00Z', to: '2026-11-21T12:30:00Z' });
});

test('nothing in the range is not nothing at all', () => {
  expect([receiptContent(3, 9), receiptContent(0, 9), receiptContent(0, 0)]).toEqual(['chart', 'outside', 'empty']);
});
