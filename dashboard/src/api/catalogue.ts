// GET /api/v1/meta/metrics: what every metric means and what it can be split by. Read once, it changes with the server.
import { call } from './client';

/** A metric as the server declares it. */
export interface Metric {
  name: string;
  label: string;
  kind: string;
  unit: string | null;
  definition: string;
  formula: string;
  dimensions: string[];
  grains: string[];
}

/** All metrics by name. */
export async function readCatalogue(): Promise<ReadonlyMap<string, Metric>> {
  const { data } = await call<{ data: Metric[] }>('GET', '/api/v1/meta/metrics');
  return new Map(data.map((metric) => [metric.name, metric]));
}
