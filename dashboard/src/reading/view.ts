// The state of a page that belongs in its address: store, range, filter, currency, the measure of each card.
// Reading is forgiving (an unknown value is the default), writing leaves out every default.
import { DEFAULT_RANGE, LENGTHS, isoTime, type Length, type Range } from './range';

/** The dimensions a click can filter by. */
export const FILTER_DIMENSIONS = ['type', 'category', 'country', 'device'] as const;
/** One of them. */
export type FilterDimension = (typeof FILTER_DIMENSIONS)[number];

/** "dimension equals value"; null is "not stated". */
export interface Filter {
  dimension: FilterDimension;
  value: string | null;
}

/** Everything about a page that a link to it carries. */
export interface View {
  store: string | null;
  range: Range;
  filter: Filter | null;
  currency: string | null;
  /** By card name, which of its measures is shown; absent means the card's first. */
  measures: Readonly<Record<string, string>>;
}

/** A page nobody has changed yet. */
export const DEFAULT_VIEW: View = { store: null, range: DEFAULT_RANGE, filter: null, currency: null, measures: {} };

/** The view a query string describes. */
export function readView(search: string): View {
  const parameters = new URLSearchParams(search);
  return {
    store: parameters.get('store') || null,
    range: readRange(parameters),
    filter: readFilter(parameters.get('filter')),
    currency: parameters.get('currency') || null,
    measures: readMeasures(parameters.get('show')),
  };
}

/** The query string of a view, `""` for the default one. */
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  if (view.store) parameters.set('store', view.store);
  writeRange(view.range, parameters);
  if (view.filter) parameters.set('filter', writeFilter(view.filter));
  if (view.currency) parameters.set('currency', view.currency);
  const measures = Object.entries(view.measures).map(([card, measure]) => `${card}.${measure}`);
  if (measures.length > 0) parameters.set('show', measures.sort().join(' '));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Whether a mark is the one filtered by. */
export function isFiltered(filter: Filter | null, dimension: string, value: string | null): boolean {
  return filter !== null && filter.dimension === dimension && filter.value === value;
}

function readRange(parameters: URLSearchParams): Range {
  const range = parameters.get('range');
  if (range === 'all') return { kind: 'all' };
  if (range === 'custom') return readBetween(parameters) ?? DEFAULT_RANGE;
  if (!isLength(range)) return DEFAULT_RANGE;
  return { kind: 'last', length: range, anchor: parameters.get('anchor') === 'newest' ? 'newest' : 'now' };
}

function readBetween(parameters: URLSearchParams): Range | null {
  const from = Date.parse(parameters.get('from') ?? '');
  const to = Date.parse(parameters.get('to') ?? '');
  return from < to ? { kind: 'between', from, to } : null; // false for NaN as well
}

function writeRange(range: Range, parameters: URLSearchParams): void {
  if (range.kind === 'all') return parameters.set('range', 'all');
  if (range.kind === 'between') {
    parameters.set('range', 'custom');
    parameters.set('from', isoTime(range.from));
    return parameters.set('to', isoTime(range.to));
  }
  if (range.anchor === 'now' && range.length === '15m') return;
  parameters.set('range', range.length);
  if (range.anchor === 'newest') parameters.set('anchor', 'newest');
}

// `category=Books`; without the sign of equality the value is "not stated".
function readFilter(text: string | null): Filter | null {
  if (text === null) return null;
  const at = text.indexOf('=');
  const dimension = FILTER_DIMENSIONS.find((one) => one === (at < 0 ? text : text.slice(0, at)));
  return dimension ? { dimension, value: at < 0 ? null : text.slice(at + 1) } : null;
}

function writeFilter(filter: Filter): string {
  return filter.value === null ? filter.dimension : `${filter.dimension}=${filter.value}`;
}

function readMeasures(text: string | null): Record<string, string> {
  const pairs = (text ?? '').split(' ').map((pair) => pair.split('.'));
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair.length === 2 && pair.every(Boolean)));
}

function isLength(text: string | null): text is Length {
  return LENGTHS.some((length) => length === text);
}
