// Claims about alerts in words: every usual rule has a sentence, the worst comes first.
import { afterEach, expect, test, vi } from 'vitest';
import { readAlerts, type AlertRow } from '../api/alerts';
import { alertWords, countWords, riskWords, worstFirst } from './alerts';

afterEach(() => vi.unstubAllGlobals());

function alert(changes: Partial<AlertRow>): AlertRow {
  return {
    id: 'a', rule: 'stock_out', severity: 'warning', subject: { kind: 'product', key: 'p1', name: 'Clock' }, with: null, at: '2026-03-02T12:00:00Z', evidence: [],
    at_risk: null, ...changes,
  };
}

const number = (name: string, value: string | number, unit: string | null = null) => ({ name, value, unit, definition: '' });

test('what happened is one sentence', () => {
  expect(alertWords(alert({}))).toBe('Clock is out of stock');
  const order = { kind: 'order', key: 'A1', name: null };
  expect(alertWords(alert({ rule: 'high_value_order', subject: order, evidence: [number('order_value', '1200.00', 'USD')] }))).toBe('Order A1 came to 1,200.00\u00a0USD');
  const many = alert({ rule: 'unusual_quantity', subject: order, with: { kind: 'product', key: 'p1', name: 'Clock' }, evidence: [number('pieces', '51.5', 'pieces')] });
  expect(alertWords(many)).toBe('Order A1 has 51.5 pieces of Clock');
  expect(alertWords(alert({ rule: 'lag', evidence: [number('lag', 301.4, 'seconds')] }))).toBe('Answers lag 301 s behind the events');
  expect(alertWords(alert({ rule: 'of_our_own', subject: { kind: 'store', key: 'main', name: null } }))).toBe('Of our own: main');
});

test('the worst comes first, other currencies are not compared', () => {
  const rows = [
    alert({ id: 'new', severity: 'info', at: '2026-03-02T13:00:00Z' }),
    alert({ id: 'yen', at_risk: { amount: '9000', currency: 'JPY' } }),
    alert({ id: 'dollars', at_risk: { amount: '20.00', currency: 'USD' } }),
    alert({ id: 'critical', severity: 'critical', at: '2026-03-01T12:00:00Z' }),
  ];
  expect(worstFirst(rows, 'USD').map((row) => row.id)).toEqual(['critical', 'dollars', 'yen', 'new']);
  expect(rows.map(riskWords)).toEqual(['', '9,000\u00a0JPY at risk', '20.00\u00a0USD at risk', '']);
  expect([countWords(1), countWords(1200)]).toEqual(['1 alert', '1,200 alerts']);
});

test('a flood of what matters little hides nothing that matters', async () => {
  vi.stubGlobal('fetch', async (address: string) => {
    const severity = new URL(address, 'http://shop').searchParams.get('severity') ?? '';
    const total = severity === 'info' ? 1000 : 1;
    return new Response(JSON.stringify({ data: [alert({ id: severity })], meta: { as_of: 'now', total_rows: total } }), { status: 200 });
  });
  expect(await readAlerts(null)).toMatchObject({ rows: [{ id: 'critical' }, { id: 'warning' }, { id: 'info' }], total: 1002 });
  vi.stubGlobal('fetch', async () => new Response('{}', { status: 404 }));
  expect(await readAlerts(null)).toBeNull();
});
