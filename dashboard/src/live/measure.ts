// The measures a card can be switched between, and how their values are written.
import type { Metric } from '../api/catalogue';
import type { Row } from '../api/query';
import { exactMoney, exactNumber, shortMoney, shortNumber } from '../reading/number';
import { numberIn, textIn } from '../reading/question';

/** A measure of a card. */
export interface Measure {
  /** Its word in the address. */
  name: string;
  metric: string;
  label: string;
  /** What is missing when there is nothing: "orders". */
  subject: string;
  money: boolean;
  /** Parts add up to the whole; false for distinct counts. */
  additive: boolean;
  /** Brings such data in. */
  command: string;
}

const SIMULATE = 'shopstream simulate';
const INGEST = 'shopstream ingest orders.csv';

/** The measures of the Live page by name. */
export const MEASURES = {
  visitors: { name: 'visitors', metric: 'visitors', label: 'Visitors', subject: 'visitors', money: false, additive: false, command: SIMULATE },
  sessions: { name: 'sessions', metric: 'sessions', label: 'Sessions', subject: 'sessions', money: false, additive: true, command: SIMULATE },
  events: { name: 'events', metric: 'events', label: 'Events', subject: 'events', money: false, additive: true, command: SIMULATE },
  views: { name: 'views', metric: 'item_views', label: 'Views', subject: 'product views', money: false, additive: true, command: SIMULATE },
  orders: { name: 'orders', metric: 'orders', label: 'Orders', subject: 'orders', money: false, additive: true, command: INGEST },
  units: { name: 'units', metric: 'units', label: 'Units', subject: 'units sold', money: false, additive: true, command: INGEST },
  payments: { name: 'payments', metric: 'payments', label: 'Payments', subject: 'payments', money: false, additive: true, command: INGEST },
  attempts: { name: 'attempts', metric: 'payment_attempts', label: 'Tried', subject: 'payments', money: false, additive: true, command: INGEST },
  searches: { name: 'searches', metric: 'searches', label: 'Searches', subject: 'searches', money: false, additive: true, command: SIMULATE },
  revenue: { name: 'revenue', metric: 'revenue', label: 'Revenue', subject: 'revenue', money: true, additive: true, command: INGEST },
} as const satisfies Record<string, Measure>;

/** The measures that the server keeps by a dimension; none while the catalogue is not read. */
export function keptBy(dimension: string, measures: readonly Measure[], catalogue: ReadonlyMap<string, Metric>): Measure[] {
  return measures.filter((measure) => catalogue.get(measure.metric)?.dimensions.includes(dimension));
}

/** A row's value, short for the card and in full. */
export function measureText(measure: Measure, row: Row): { short: string; exact: string } {
  if (measure.money) {
    const currency = textIn(row, 'currency') ?? '';
    const amount = textIn(row, measure.metric);
    return { short: shortMoney(amount, currency), exact: exactMoney(amount, currency) };
  }
  const value = numberIn(row, measure.metric);
  return { short: shortNumber(value), exact: exactNumber(value) };
}
