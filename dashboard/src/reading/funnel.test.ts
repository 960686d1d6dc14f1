// Claims about a funnel in words.
import { expect, test } from 'vitest';
import { funnelSentence, funnelTable, rulesWords, stepBars, stepWords } from './funnel';
import { toCsv } from './export';
import type { Funnel, FunnelStep } from '../api/funnels';

const step = (at: number, type: string, more: Partial<FunnelStep>): FunnelStep => ({
  step: at, key: `purchase:${at}`, type, where: {}, units: 0, units_ever: 0, to_first: null, to_previous: null, seconds_from_previous: null, values: [], ...more,
});
const FUNNEL: Funnel = {
  name: 'purchase', unit: 'visitor', mode: 'ordered', window_s: 86_400, definition: '',
  steps: [
    step(1, 'item_view', { units: 400, to_first: '1', to_previous: '1' }),
    step(2, 'cart_add', {
      units: 100, to_first: '0.25', to_previous: '0.25', seconds_from_previous: '240', where: { device: 'mobile' },
      values: [{ currency: 'EUR', value: '7.00' }, { currency: 'USD', value: '12.50' }],
    }),
    step(3, 'order', { units: 1, to_first: '0.0025', to_previous: '0.01', seconds_from_previous: '0.4' }),
  ],
};

test('a step says what people do, how many, and how they came', () => {
  const bars = stepBars(FUNNEL, 'USD').map((bar) => [bar.words, bar.aside, bar.short, bar.shareWords, bar.way, bar.exact]);
  expect(bars).toEqual([
    ['look at a product', '', '400', '100\u202f%', '', '400 visitors'],
    ['put something in', 'device mobile', '100', '25\u202f%', '25\u202f% go on, after 4\u202fmin on average', '100 visitors, worth 12.50\u00a0USD'],
    ['order', '', '1', '0.3\u202f%', '1.0\u202f% go on, after 0.4\u202fs on average', '1 visitor'],
  ]);
});

test('a name of the shop’s own stands as it is', () => expect(stepWords('spun_the_wheel')).toBe('spun the wheel'));

test('the whole way is a sentence', () => {
  expect(funnelSentence(FUNNEL)).toBe('Of 400 visitors that look at a product, 1 order.');
  expect(funnelSentence({ ...FUNNEL, steps: [step(1, 'item_view', {})] })).toBe('Nobody entered.');
});

test('window and order are told in words', () => {
  expect(rulesWords(FUNNEL)).toBe('in this order, within a day');
  expect(rulesWords({ window_s: 3600, mode: 'strict' })).toBe('with nothing in between, within an hour');
  expect(rulesWords({ window_s: 5400, mode: 'any_order' })).toBe('in any order, within 90 minutes');
  expect(rulesWords({ window_s: 0, mode: 'ordered' })).toBe('in this order');
});

test('a table holds exact numbers', () => {
  expect(toCsv(funnelTable(FUNNEL, 'USD')).split('\r\n').slice(0, 3)).toEqual([
    'step,units,to_first,to_previous,seconds_from_previous,value,currency',
    'purchase:1,400,1,1,,,',
    'purchase:2,100,0.25,0.25,240,12.50,USD',
  ]);
});
