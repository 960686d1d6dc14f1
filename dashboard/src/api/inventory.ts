// GET /api/v1/inventory: products that are out of stock or will be. A server without it has no such card.
import { Problem } from './problem';
import { call } from './client';

/** A product's stock, as far as this page shows it; amounts are decimal text. */
export interface StockRow {
  product_id: string | null;
  product_name: string | null;
  standing: string;
  level: string | null;
  days_of_cover: string | null;
  lost_demand: string | null;
}

/** Products by what they stand at; nothing where the server does not tell of stock. */
export interface StockAnswer {
  rows: StockRow[];
  as_of: string;
}

const ROWS_MAX = 10;

/** The address of the products that run out. */
export function inventoryAddress(store: string | null): string {
  return `/api/v1/inventory?${new URLSearchParams({ standing: 'out,low', limit: String(ROWS_MAX), ...(store === null ? {} : { store }) }).toString()}`;
}

/** The products, or that there is no such list. */
export async function readInventory(address: string, signal?: AbortSignal): Promise<StockAnswer | { absent: true }> {
  try {
    const { data, meta } = await call<{ data: Record<string, unknown>[]; meta: { as_of: string } }>('GET', address, undefined, signal);
    return { rows: data.map(rowOf), as_of: meta.as_of };
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 404) return { absent: true };
    throw cause;
  }
}

function rowOf(row: Record<string, unknown>): StockRow {
  const text = (...names: string[]): string | null => {
    const value = names.map((name) => row[name]).find((one) => one !== null && one !== undefined);
    return value === undefined ? null : String(value);
  };
  return {
    product_id: text('product_id', 'product'), product_name: text('product_name', 'name'), standing: text('standing') ?? '',
    level: text('level'), days_of_cover: text('days_of_cover'), lost_demand: text('lost_demand'),
  };
}
