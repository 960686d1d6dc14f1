// Claims about lists that a server may have or not: carts, funnels, stock.
import { afterEach, expect, test, vi } from 'vitest';
import { cartsAddress, readCarts } from './carts';
import { funnelsAddress } from './funnels';
import { readInventory } from './inventory';

afterEach(() => vi.unstubAllGlobals());

function answers(answer: (address: string) => [number, unknown]): void {
  vi.stubGlobal('fetch', async (address: string) => {
    const [status, body] = answer(address);
    return new Response(JSON.stringify(body), { status });
  });
}

const row = (product: string) => ({ product, name: null, standing: '', level: '0', estimated: false, days_of_cover: null, lost_demand: null });
const page = (rows: unknown[]) => ({ data: rows, meta: { as_of: 'now' }, page: { next: null } });

test('addresses name the store only where one is chosen', () => {
  expect(cartsAddress('open', null)).toBe('/api/v1/carts?state=open&limit=1');
  expect(cartsAddress('open', 'b&b')).toBe('/api/v1/carts?state=open&limit=1&store=b%26b');
  expect(funnelsAddress(null, null)).toBe('/api/v1/funnel');
  expect(funnelsAddress({ last: '24h', anchor: 'newest' }, 'main')).toBe('/api/v1/funnel?last=24h&anchor=newest&store=main');
});

test('a summary of carts is read out of what is said of the list', async () => {
  const summary = { states: [{ state: 'open', carts: 2, values: [] }], reasons: [] };
  answers(() => [200, { data: [], meta: { as_of: 'now', total_rows: 2, cut: true, since: null, summary } }]);
  expect(await readCarts('/api/v1/carts')).toEqual({ ...summary, total: 2, cut: true, since: null, as_of: 'now' });
});

test('a server without stock has no list, one that fails has a problem', async () => {
  answers(() => [404, {}]);
  expect(await readInventory(null)).toBeNull();
  answers(() => [500, { title: 'The server made a mistake' }]);
  await expect(readInventory(null)).rejects.toThrow('The server made a mistake');
});

test('what is low has its place beside much that is out', async () => {
  const out = Array.from({ length: 10 }, (_, at) => row(`out ${at}`));
  answers((address) => [200, page(address.includes('standing=out') ? out : [row('low 0'), row('low 1')])]);
  const answer = await readInventory(null);
  expect(answer?.rows.map((one) => one.product).slice(-3)).toEqual(['out 7', 'low 0', 'low 1']);
});

test('nothing is out: either the shop has everything, or it does not tell', async () => {
  answers((address) => [200, page(address.includes('in_stock') ? [row('a')] : [])]);
  expect(await readInventory(null)).toMatchObject({ rows: [], known: true });
  answers(() => [200, page([])]);
  expect(await readInventory(null)).toMatchObject({ rows: [], known: false });
});
