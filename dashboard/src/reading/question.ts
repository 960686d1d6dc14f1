// How the page's view narrows a card's question, and what a card reads out of the rows.
import type { Metric } from '../api/catalogue';
import type { QueryRequest, Row } from '../api/query';
import type { Filter, View } from './view';

/** The part of a request a filter adds, or null if one of the metrics has no such dimension. */
export function narrowing(filter: Filter | null, metrics: readonly string[], catalogue: ReadonlyMap<string, Metric>): Pick<QueryRequest, 'dimensions' | 'filters'> | null {
  if (filter === null) return {};
  const able = metrics.every((name) => catalogue.get(name)?.dimensions.includes(filter.dimension));
  return able ? { dimensions: [filter.dimension], filters: { [filter.dimension]: [filter.value] } } : null;
}

/** The part of a request that names the store; without it the server takes its default one. */
export function ofStore(view: View): Pick<QueryRequest, 'store'> {
  return view.store === null ? {} : { store: view.store };
}

/** A count, quantity, ratio or decimal text as a number. */
export function numberIn(row: Row | undefined, column: string): number | null {
  const value = row?.[column];
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** A dimension value or a name; null is "not stated". */
export function textIn(row: Row | undefined, column: string): string | null {
  const value = row?.[column];
  return value === null || value === undefined ? null : String(value);
}

/** Start of the row's window in milliseconds. */
export function windowIn(row: Row): number {
  return Date.parse(String(row['window_start']));
}

/** Rows that count something in one of these columns. */
export function countedRows(rows: readonly Row[], columns: readonly string[]): Row[] {
  return rows.filter((row) => columns.some((column) => (numberIn(row, column) ?? 0) !== 0));
}
