// What every answer tells about the store's data as a whole: their bounds, the time zone, the currencies, the catalogue.
import { readCatalogue, type Metric } from '../api/catalogue';
import { query, type Meta } from '../api/query';

class DataState {
  timezone = $state('UTC');
  oldest = $state<number | null>(null);
  newest = $state<number | null>(null);
  /** False until the first answer: no bounds then mean "not known", not "no data". */
  known = $state(false);
  /** The currencies were looked for, found or not. */
  currenciesRead = $state(false);
  /** Currencies with orders, most used first. */
  currencies = $state.raw<string[]>([]);
  catalogue = $state.raw<ReadonlyMap<string, Metric>>(new Map());

  /** Takes the bounds out of an answer. */
  learn(meta: Meta): void {
    this.timezone = meta.timezone || 'UTC';
    this.oldest = timeOf(meta.oldest_event);
    this.newest = timeOf(meta.newest_event);
    this.known = true;
  }

  /** Another store: nothing is known. */
  forget(): void {
    this.known = this.currenciesRead = false;
    this.oldest = this.newest = null;
    this.currencies = [];
  }

  /** Reads the catalogue; a page without it works, its cards only lack definitions. */
  async readCatalogue(): Promise<void> {
    this.catalogue = await readCatalogue().catch(() => this.catalogue);
  }

  /** Finds the currencies of all orders of a store. */
  async readCurrencies(store: string | null): Promise<void> {
    const answer = await query({ metrics: ['revenue', 'orders'], ...(store ? { store } : {}) }).catch(() => null);
    this.currenciesRead = true;
    if (answer === null) return;
    this.learn(answer.meta);
    const weight = (row: { orders?: unknown }) => Number(row.orders ?? 0);
    const rows = answer.rows.filter((row) => typeof row['currency'] === 'string' && weight(row) > 0);
    this.currencies = rows.sort((a, b) => weight(b) - weight(a)).map((row) => String(row['currency']));
  }
}

function timeOf(text: string | null | undefined): number | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : time;
}

/** What is known about the data. */
export const data = new DataState();
