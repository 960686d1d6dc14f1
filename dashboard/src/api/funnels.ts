// GET /api/v1/funnel: the store's funnels, step by step.
import type { Amount } from './carts';
import { call } from './client';
import type { Meta } from './query';
import type { QueryRange } from '../reading/range';

/** A step; shares and times are decimal text. */
export interface FunnelStep {
  step: number;
  key: string;
  type: string;
  where: Record<string, string>;
  units: number;
  units_ever: number;
  to_first: string | null;
  to_previous: string | null;
  seconds_from_previous: string | null;
  values: Amount[];
}

/** A funnel. */
export interface Funnel {
  name: string;
  unit: 'visitor' | 'session';
  mode: 'ordered' | 'strict' | 'any_order';
  window_s: number;
  definition: string;
  steps: FunnelStep[];
}

/** All funnels of a store in a range. */
export interface FunnelsAnswer {
  funnels: Funnel[];
  meta: Meta;
}

/** The address of a store's funnels in a range. */
export function funnelsAddress(range: QueryRange, store: string | null): string {
  const asked = { ...(range ?? {}), ...(store === null ? {} : { store }) };
  const parameters = new URLSearchParams(asked as Record<string, string>).toString();
  return `/api/v1/funnel${parameters === '' ? '' : `?${parameters}`}`;
}

/** The funnels. */
export async function readFunnels(address: string, signal?: AbortSignal): Promise<FunnelsAnswer> {
  const { data, meta } = await call<{ data: Funnel[]; meta: Meta }>('GET', address, undefined, signal);
  return { funnels: data, meta };
}
