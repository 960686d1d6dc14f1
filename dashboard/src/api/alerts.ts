// GET /api/v1/alerts and the answer of a person. A server without alerts has no such list.
import { call } from './client';
import { Problem } from './problem';

/** How much an alert matters. */
export type Severity = 'critical' | 'warning' | 'info';

/** What an alert is about. */
export interface AlertSubject {
  kind: string;
  key: string;
  name: string | null;
}

/** A number that shows it; money and pieces are decimal text. */
export interface Evidence {
  name: string;
  value: string | number;
  /** A currency, `pieces`, `seconds`, `share`; nothing where it is counted. */
  unit: string | null;
  definition: string;
}

/** An alert, as far as this page shows it. */
export interface AlertRow {
  id: string;
  rule: string;
  severity: Severity;
  subject: AlertSubject;
  with: AlertSubject | null;
  at: string;
  evidence: Evidence[];
  at_risk: { amount: string; currency: string } | null;
}

/** What fires: the newest of each severity, and how many there are in all. */
export interface AlertsAnswer {
  rows: AlertRow[];
  total: number;
  as_of: string;
}

// One severity after the other, or a flood of what matters little hides what matters.
const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info'];
const ROWS_MAX = 20;

/** The address of what fires now. */
export function alertsAddress(severity: Severity | null, store: string | null): string {
  const parameters = new URLSearchParams({ state: 'firing', ...(severity === null ? {} : { severity }), limit: String(ROWS_MAX), store: store ?? 'main' });
  return `/api/v1/alerts?${parameters.toString()}`;
}

/** What fires now; null where there is no such list. */
export async function readAlerts(store: string | null, signal?: AbortSignal): Promise<AlertsAnswer | null> {
  const ask = (severity: Severity) => call<{ data: AlertRow[]; meta: { as_of: string; total_rows: number } }>('GET', alertsAddress(severity, store), undefined, signal);
  try {
    const answers = await Promise.all(SEVERITIES.map(ask));
    return {
      rows: answers.flatMap((answer) => answer.data),
      total: answers.reduce((sum, answer) => sum + answer.meta.total_rows, 0),
      as_of: answers[0]?.meta.as_of ?? '',
    };
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 404) return null;
    throw cause;
  }
}

/** Says that a person has seen it. */
export function acknowledge(id: string): Promise<unknown> {
  return call('POST', `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`);
}
