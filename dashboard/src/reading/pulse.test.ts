// Claims about the live tables: whatever order and however often messages come, the numbers are the server's.
import { expect, test } from 'vitest';
import { ORDERS_MAX, applyDelta, applyHeartbeat, eventRate, fromSnapshot, pulseTotals, type LiveTables, type Order, type StreamMessage } from './pulse';

const second = (text: string) => Date.parse(text) / 1000;

function order(id: string, time: string, revenue = '10.00'): Order {
  return { order_id: id, time, revenue, currency: 'EUR', units: '1', items: 1, country: null, city: null, first_item: null };
}

function message(part: Partial<StreamMessage>): StreamMessage {
  return { as_of: '2026-11-21T08:00:10Z', watermark: null, newest_event: '2026-11-21T08:00:09Z', pulse: [], orders: [], ...part };
}

const SNAPSHOT = message({
  pulse: [
    { t: '2026-11-21T08:00:01Z', counts: { page_view: 12, order: 1 } },
    { t: '2026-11-21T08:00:02Z', counts: { page_view: 8 } },
  ],
  orders: [order('b', '2026-11-21T08:00:02Z'), order('a', '2026-11-21T08:00:01Z')],
});

const ids = (tables: LiveTables) => tables.orders.map((one) => one.order_id).join(' ');

test('a delta replaces the seconds it names and leaves the others', () => {
  const tables = applyDelta(fromSnapshot(SNAPSHOT), message({ pulse: [{ t: '2026-11-21T08:00:02Z', counts: { page_view: 9, search: 1 } }] }));
  expect(tables.pulse.get(second('2026-11-21T08:00:01Z'))).toEqual({ page_view: 12, order: 1 });
  expect(tables.pulse.get(second('2026-11-21T08:00:02Z'))).toEqual({ page_view: 9, search: 1 });
});

test('a delta seen twice changes nothing', () => {
  const delta = message({ pulse: [{ t: '2026-11-21T08:00:03Z', counts: { order: 2 } }], orders: [order('c', '2026-11-21T08:00:03Z')] });
  const once = applyDelta(fromSnapshot(SNAPSHOT), delta);
  expect(applyDelta(once, delta)).toEqual(once);
});

test('a delta does not touch the tables before it', () => {
  const before = fromSnapshot(SNAPSHOT);
  const kept = structuredClone(before);
  applyDelta(before, message({ pulse: [{ t: '2026-11-21T08:00:01Z', counts: {} }], orders: [order('z', '2026-11-21T08:00:09Z')] }));
  expect(before).toEqual(kept);
});

test('a snapshot forgets what was known', () => {
  expect(ids(fromSnapshot(message({ orders: [order('x', '2026-11-21T08:00:00Z')] })))).toBe('x');
});

test('orders stand newest first, wherever a late one comes in', () => {
  const tables = applyDelta(fromSnapshot(SNAPSHOT), message({ orders: [order('late', '2026-11-21T08:00:01.500Z'), order('new', '2026-11-21T08:00:05Z')] }));
  expect(ids(tables)).toBe('new b late a');
});

test('a corrected order replaces itself', () => {
  const tables = applyDelta(fromSnapshot(SNAPSHOT), message({ orders: [order('a', '2026-11-21T08:00:01Z', '99.00')] }));
  expect(ids(tables)).toBe('b a');
  expect(tables.orders[1]?.revenue).toBe('99.00');
});

test('an order that is none any more leaves', () => {
  expect(ids(applyDelta(fromSnapshot(SNAPSHOT), message({ gone: ['b'] })))).toBe('a');
});

test('only the newest fifty orders are kept', () => {
  const many = Array.from({ length: 80 }, (_, index) => order(`o${index}`, new Date(Date.parse('2026-11-21T08:00:00Z') + index * 1000).toISOString()));
  const tables = fromSnapshot(message({ orders: many }));
  expect(tables.orders.length).toBe(ORDERS_MAX);
  expect(tables.orders[0]?.order_id).toBe('o79');
});

test('seconds older than a quarter of an hour are dropped', () => {
  const tables = applyDelta(fromSnapshot(SNAPSHOT), message({ as_of: '2026-11-21T08:15:02Z', pulse: [{ t: '2026-11-21T08:15:01Z', counts: { order: 1 } }] }));
  expect([...tables.pulse.keys()]).toEqual([second('2026-11-21T08:00:02Z'), second('2026-11-21T08:15:01Z')]);
});

test('a heartbeat moves only the clock', () => {
  const tables = fromSnapshot(SNAPSHOT);
  expect(applyHeartbeat(tables, '2026-11-21T08:00:20Z')).toEqual({ ...tables, asOf: Date.parse('2026-11-21T08:00:20Z') });
});

test('a message without pulse and orders is understood', () => {
  const bare: StreamMessage = { as_of: '2026-11-21T08:00:11Z', watermark: null, newest_event: null };
  expect(applyDelta(fromSnapshot(SNAPSHOT), bare).newestEvent).toBeNull();
});

test('the rate is the mean of whole seconds, silent ones included', () => {
  expect(eventRate(fromSnapshot(SNAPSHOT), Date.parse('2026-11-21T08:00:03.900Z'), 3)).toBe(7);
  expect(eventRate(fromSnapshot(message({})), Date.parse('2026-11-21T08:00:03Z'))).toBe(0);
});

test('totals add up all seconds by type', () => {
  expect(Object.fromEntries(pulseTotals(fromSnapshot(SNAPSHOT)))).toEqual({ page_view: 20, order: 1 });
});
