// A funnel in words: what each step is, how many get there, how long it takes them.
import type { Funnel, FunnelStep } from '../api/funnels';
import { numberCell, textCell, type Table } from './export';
import { NO_VALUE, amountValue, exactMoney, exactNumber, shortMoney, shortNumber, shortShare } from './number';
import { spoken } from './series';
import { age } from './time';

const STEP_WORDS: Readonly<Record<string, string>> = {
  page_view: 'look at a page', item_view: 'look at a product', item_click: 'click a product', list_view: 'look at a list', search: 'search',
  cart_add: 'put something in', cart_view: 'look at the cart', checkout_start: 'start to check out', checkout_step: 'take a step of checkout',
  order: 'order', login: 'log in', sign_up: 'sign up', wishlist_add: 'wish for something',
};

/** One bar of a funnel. */
export interface StepBar {
  key: string;
  /** What people do: "put something in". */
  words: string;
  /** Conditions beside it: "device mobile". */
  aside: string;
  units: number;
  short: string;
  exact: string;
  /** 0…1 of those that entered. */
  share: number;
  shareWords: string;
  /** How many came here from the step before and how long it took; empty for the first step. */
  way: string;
}

/** What people do at a step; a name of the shop's own stands as it is. */
export function stepWords(type: string): string {
  return STEP_WORDS[type] ?? spoken(type);
}

/** The bars of a funnel. */
export function stepBars(funnel: Funnel, currency: string | null): StepBar[] {
  return funnel.steps.map((step, index) => ({
    key: step.key,
    words: stepWords(step.type),
    aside: Object.entries(step.where).map(([name, value]) => `${spoken(name)} ${value}`).join(', '),
    units: step.units,
    short: shortNumber(step.units),
    exact: [`${exactNumber(step.units)} ${unitWords(funnel, step.units)}`, worth(step, currency)].filter(Boolean).join(', '),
    share: amountValue(step.to_first) ?? 0,
    shareWords: step.to_first === null ? NO_VALUE : shortShare(Number(step.to_first)),
    way: index === 0 ? '' : wayWords(step),
  }));
}

/** `visitors` or `sessions`, in the right number. */
export function unitWords(funnel: Pick<Funnel, 'unit'>, count: number): string {
  return count === 1 ? funnel.unit : `${funnel.unit}s`;
}

/** The whole way in one sentence for those who do not see the bars. */
export function funnelSentence(funnel: Funnel): string {
  const [first] = funnel.steps;
  const last = funnel.steps.at(-1);
  if (!first || !last || first.units === 0) return 'Nobody entered.';
  return `Of ${exactNumber(first.units)} ${unitWords(funnel, first.units)} that ${stepWords(first.type)}, ${exactNumber(last.units)} ${stepWords(last.type)}.`;
}

/** The rules that a reader needs to know, for the foot of the card. */
export function rulesWords(funnel: Pick<Funnel, 'window_s' | 'mode'>): string {
  const order = { ordered: 'in this order', strict: 'with nothing in between', any_order: 'in any order' }[funnel.mode];
  return funnel.window_s === 0 ? order : `${order}, within ${windowWords(funnel.window_s)}`;
}

/** Every number of a funnel. */
export function funnelTable(funnel: Funnel, currency: string | null): Table {
  return {
    columns: [
      { name: 'step', label: 'Step', align: 'left' }, { name: 'units', label: unitWords(funnel, 2).replace(/^./, (first) => first.toUpperCase()), align: 'right' },
      { name: 'to_first', label: 'Of the first', align: 'right' }, { name: 'to_previous', label: 'Of the one before', align: 'right' },
      { name: 'seconds_from_previous', label: 'Mean time', align: 'right' }, { name: 'value', label: 'Worth', align: 'right' },
      { name: 'currency', label: 'Currency', align: 'left' },
    ],
    rows: funnel.steps.map((step) => {
      const amount = step.values.find((one) => one.currency === currency) ?? step.values[0];
      return [
        textCell([stepWords(step.type), ...Object.entries(step.where).map(([name, value]) => `${spoken(name)} ${value}`)].join(', '), step.key),
        numberCell(exactNumber(step.units), step.units),
        numberCell(shareText(step.to_first), step.to_first), numberCell(shareText(step.to_previous), step.to_previous),
        numberCell(timeText(step), step.seconds_from_previous),
        numberCell(amount ? shortMoney(amount.value, amount.currency) : NO_VALUE, amount?.value ?? null), textCell(amount?.currency ?? ''),
      ];
    }),
  };
}

function wayWords(step: FunnelStep): string {
  if (step.to_previous === null) return 'nobody could come here';
  const time = step.seconds_from_previous === null ? '' : `, after ${timeText(step)} on average`;
  return `${shortShare(Number(step.to_previous))} go on${time}`;
}

function worth(step: FunnelStep, currency: string | null): string {
  const amount = step.values.find((one) => one.currency === currency) ?? step.values[0];
  return amount ? `worth ${exactMoney(amount.value, amount.currency)}` : '';
}

function shareText(share: string | null): string {
  return share === null ? NO_VALUE : shortShare(Number(share));
}

function timeText(step: FunnelStep): string {
  return step.seconds_from_previous === null ? NO_VALUE : age(Number(step.seconds_from_previous) * 1000);
}

const LENGTHS: readonly (readonly [number, string])[] = [[86_400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];

function windowWords(seconds: number): string {
  const [length, word] = LENGTHS.find(([length]) => seconds % length === 0) ?? [1, 'second'];
  const count = seconds / length;
  return count === 1 ? `${word === 'hour' ? 'an' : 'a'} ${word}` : `${exactNumber(count)} ${word}s`;
}
