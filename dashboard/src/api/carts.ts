// GET /api/v1/carts: what all carts in some states come to, by state and by reason. Single carts are not shown yet.
import { call } from './client';

/** Money of one currency, as decimal text. */
export interface Amount {
  currency: string;
  value: string;
}

/** Carts that have something in common, and what lies in them. */
export interface CartTally {
  carts: number;
  values: Amount[];
}

/** What the list of the newest carts comes to. */
export interface CartSummary {
  /** Carts in the states asked for. */
  total: number;
  /** There are more: these are the newest. */
  cut: boolean;
  /** When the oldest of them began. */
  since: string | null;
  states: (CartTally & { state: string })[];
  /** A cart with two reasons counts under both. */
  reasons: (CartTally & { reason: string })[];
  as_of: string;
}

interface Page {
  meta: {
    as_of: string;
    total_rows: number;
    cut: boolean;
    since: string | null;
    summary: Pick<CartSummary, 'states' | 'reasons'>;
  };
}

/** The address of the newest carts in a state. */
export function cartsAddress(state: string, store: string | null): string {
  return `/api/v1/carts?${new URLSearchParams({ state, limit: '1', ...(store === null ? {} : { store }) }).toString()}`;
}

/** What they come to. */
export async function readCarts(address: string, signal?: AbortSignal): Promise<CartSummary> {
  const { meta } = await call<Page>('GET', address, undefined, signal);
  return { ...meta.summary, total: meta.total_rows, cut: meta.cut, since: meta.since, as_of: meta.as_of };
}
