// GET /api/v1/audit and /api/v1/quality: their answers, and the walk over pages.
import { call } from './client';

/** What came in and what became of it. */
export interface Tally {
  rows_read: number;
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  counted: number;
  late: number;
  retracted: number;
  in_flight: number;
  law_holds: boolean;
}

/** One line of the law; what it is not told by is absent. */
export interface AuditLine extends Tally {
  source?: string;
  name?: string;
  store?: string;
  hour?: string;
  part: 'all' | 'hour' | 'before' | 'in_flight';
}

/** The audit with the lines that were asked for. */
export interface AuditAnswer extends Tally {
  lines: AuditLine[];
  lines_broken: number;
  quarantined_by_reason: Record<string, number>;
  as_of: string;
}

/** What a field of a source came to. */
export interface QualityRow {
  source: string;
  name: string;
  store: string;
  field: string;
  rows: number;
  nulls: number | null;
  null_share: number | null;
  invalid: number;
  invalid_share: number;
  duplicates: number;
  steps: Record<string, number>;
}

/** Something conspicuous about a source. */
export interface Finding {
  kind: string;
  source: string;
  name: string;
  store: string;
  field: string | null;
  since: string;
  sentence: string;
  remedy: string;
}

/** Data quality with the rows that were asked for. */
export interface QualityAnswer {
  rows: QualityRow[];
  findings: Finding[];
  as_of: string;
}

/** What can be asked of both. */
export interface Asked {
  by: string;
  from?: string;
  to?: string;
  store?: string;
}

interface Page<Data> {
  data: Data;
  meta: { as_of: string };
  page: { next: string | null };
}

// 31 days have 744 hours; with several sources the newest pages would be cut, so there are more than one needs.
const PAGES_MAX = 12;

/** The address of a question. */
export function address(path: string, asked: Asked): string {
  return `${path}?${new URLSearchParams(Object.entries(asked)).toString()}`;
}

/** The audit in lines. */
export async function readAudit(asked: Asked, signal?: AbortSignal): Promise<AuditAnswer> {
  const pages = await readPages<Omit<AuditAnswer, 'as_of'>>('/api/v1/audit', asked, signal);
  const [first] = pages;
  return { ...first.data, lines: pages.flatMap((page) => page.data.lines), as_of: first.meta.as_of };
}

/** Data quality by source, store and field. */
export async function readQuality(asked: Asked, signal?: AbortSignal): Promise<QualityAnswer> {
  const pages = await readPages<Omit<QualityAnswer, 'as_of'>>('/api/v1/quality', asked, signal);
  const [first] = pages;
  return { ...first.data, rows: pages.flatMap((page) => page.data.rows), as_of: first.meta.as_of };
}

async function readPages<Data>(path: string, asked: Asked, signal?: AbortSignal): Promise<[Page<Data>, ...Page<Data>[]]> {
  const page = (cursor: string | null) =>
    call<Page<Data>>('GET', address(path, asked) + (cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`), undefined, signal);
  let last = await page(null);
  const pages: [Page<Data>, ...Page<Data>[]] = [last];
  while (last.page.next !== null && pages.length < PAGES_MAX) {
    last = await page(last.page.next);
    pages.push(last);
  }
  return pages;
}
