// Claims about the choice of bands and their colours.
import { expect, test } from 'vitest';
import { SERIES_MAX, chooseSeries, colourSlots, spoken } from './series';

const totals = (text: string) => new Map(text.split(' ').map((pair) => [pair.split(':')[0] ?? '', Number(pair.split(':')[1])] as const));
const MANY = 'page_view:900 item_view:700 search:300 cart_add:200 list_view:100 checkout_start:90 login:80 order:1';

function check(counts: string, shown: string, expected: string): void {
  expect(chooseSeries(totals(counts), shown.split(' ')).join(' ')).toBe(expected);
}

test('six bands at most, the purchase at the bottom, looking around on top', () => {
  check(MANY, '', 'order cart_add item_view list_view search page_view');
});

test('orders are shown however rare they are', () => expect(chooseSeries(totals(MANY), [])).toContain('order'));

test('a type near the smallest band does not push it out', () => {
  check(MANY.replace('checkout_start:90', 'checkout_start:110'), 'order cart_add item_view list_view search page_view', 'order cart_add item_view list_view search page_view');
  check(MANY.replace('checkout_start:90', 'checkout_start:140'), 'order cart_add item_view list_view search page_view', 'order checkout_start cart_add item_view search page_view');
});

test('types that did not happen have no band', () => check('page_view:5 order:0', 'order page_view', 'page_view'));

test('a type of the shop’s own stands on top', () => check('spin_wheel:5 page_view:50', '', 'page_view spin_wheel'));

test('shown types have colours of their own', () => {
  for (const shown of [['list_view', 'cart_view', 'cart_remove', 'search', 'refund', 'checkout_step'], ['a', 'b', 'c', 'd', 'e', 'f']]) {
    const slots = [...colourSlots(shown).values()].sort();
    expect(slots).toEqual([1, 2, 3, 4, 5, 6]);
  }
});

test('the main types keep their colour whatever is beside them', () => {
  for (const beside of ['search', 'spin_wheel', 'refund']) {
    const slots = colourSlots([beside, 'order', 'cart_add', 'item_view', 'page_view']);
    expect(['page_view', 'item_view', 'cart_add', 'order'].map((name) => slots.get(name))).toEqual([1, 2, 3, 4]);
  }
});

test('there are as many colours as bands', () => expect(SERIES_MAX).toBe(6));

test('types are spoken', () => expect([spoken('cart_add'), spoken(null)]).toEqual(['cart add', 'not stated']));
