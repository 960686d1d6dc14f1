// GET /api/v1/inventory: products that are out of stock or will be. A server without it has no such card.
import { Problem } from './problem';
import { call } from './client';

/** A product's stock, as far as this page shows it; amounts are decimal text. */
export interface StockRow {
  product: string;
  name: string | null;
  standing: string;
  level: string | null;
  /** The level follows from sales, nobody reported it. */
  estimated: boolean;
  days_of_cover: string | null;
  lost_demand: string | null;
}

/** Products by how they stand; nothing where the server does not tell of stock. */
export interface StockAnswer {
  rows: StockRow[];
  /** Whether the shop tells of stock at all: otherwise nothing can be out. */
  known: boolean;
  as_of: string;
}

/** Rows of the card. */
const ROWS_MAX = 10;

/** The address of the products that stand so. */
export function inventoryAddress(standing: 'out' | 'low' | 'in_stock', store: string | null): string {
  const parameters = { standing, limit: String(ROWS_MAX), store: store ?? 'main' };
  return `/api/v1/inventory?${new URLSearchParams(parameters).toString()}`;
}

/** What is out, those first of which most was missed, then what is low; null where there is no such list. */
export async function readInventory(store: string | null, signal?: AbortSignal): Promise<StockAnswer | null> {
  const ask = (standing: 'out' | 'low' | 'in_stock') => call<{ data: StockRow[]; meta: { as_of: string } }>('GET', inventoryAddress(standing, store), undefined, signal);
  try {
    const [out, low] = await Promise.all([ask('out'), ask('low')]);
    // Half of the card is kept for what can still be reordered in time.
    const outShown = out.data.slice(0, Math.max(ROWS_MAX / 2, ROWS_MAX - low.data.length));
    const rows = [...outShown, ...low.data.slice(0, ROWS_MAX - outShown.length)];
    const known = rows.length > 0 || (await ask('in_stock')).data.length > 0;
    return { rows, known, as_of: out.meta.as_of };
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 404) return null;
    throw cause;
  }
}
