// A question about metrics that a card keeps asking, and how often.
import { query, type Answer, type QueryRequest } from '../api/query';
import { Asking } from './asking.svelte';
import { data } from './data.svelte';

// How urgent a card is: the shortest pause between two answers for a range of 15 minutes.
const PACE_MS = { figures: 1000, lists: 2000, series: 5000 } as const;

/** The pause between two answers; a month does not change every second, and its answer costs more. */
export function pace(kind: keyof typeof PACE_MS, range_ms: number): number {
  const hours = range_ms / 3_600_000;
  const factor = hours <= 0.25 ? 1 : hours <= 1 ? 2 : hours <= 6 ? 5 : 10;
  return PACE_MS[kind] * factor;
}

/** A running question; make it while a component starts, it ends with the component. */
export class Question extends Asking<QueryRequest, Answer> {
  /** `ask` may return null: then there is nothing to ask yet. */
  constructor(ask: () => QueryRequest | null, pace_ms: () => number) {
    super({
      ask,
      pace_ms,
      fetch: async (request, signal) => {
        const answer = await query(request, signal);
        if (!signal.aborted) data.learn(answer.meta);
        return answer;
      },
    });
  }
}
