// POST /api/v1/query: its request, its answer, and the walk over pages.
import { call } from './client';
import type { Granularity, QueryRange } from '../reading/range';

/** A question; only `metrics` is required. */
export interface QueryRequest {
  metrics: string[];
  dimensions?: string[];
  filters?: Record<string, (string | null)[]>;
  range?: QueryRange;
  granularity?: Granularity;
  store?: string;
  currency?: string;
  compare?: 'previous_period' | 'same_time_last_week';
  order?: { by: string; direction: 'asc' | 'desc' }[];
  limit?: number;
  offset?: number;
}

/** A row: dimension values and times are text, counts numbers, money decimal text, null is no value. */
export type Row = Record<string, string | number | null>;

/** What a column holds. */
export interface Column {
  name: string;
  kind: 'dimension' | 'time' | 'currency' | 'count' | 'money' | 'quantity' | 'distinct' | 'ratio';
  unit?: string | null;
  label?: string;
}

/** What is said about the rows. */
export interface Meta {
  columns: Column[];
  range: { from: string; to: string } | null;
  as_of: string;
  watermark: string | null;
  newest_event: string | null;
  oldest_event: string | null;
  partial: boolean;
  timezone: string;
  grain: string;
}

/** An answer with all of its pages. */
export interface Answer {
  request: QueryRequest;
  rows: Row[];
  meta: Meta;
}

interface Page {
  data: Row[];
  meta: Meta;
  page?: { next: string | null };
}

// 360 minutes of 6 types are 2,160 rows; a page has at most 1,000.
const PAGES_MAX = 8;

/** Asks; without a `limit` of its own the request gets every page. */
export async function query(request: QueryRequest, signal?: AbortSignal): Promise<Answer> {
  let page = await call<Page>('POST', '/api/v1/query', request, signal);
  const { meta } = page;
  const rows = [...page.data];
  for (let pages = 1; request.limit === undefined && page.page?.next && page.data.length > 0 && pages < PAGES_MAX; pages += 1) {
    page = await call<Page>('POST', '/api/v1/query', { ...request, offset: rows.length }, signal);
    rows.push(...page.data);
  }
  return { request, rows, meta };
}
