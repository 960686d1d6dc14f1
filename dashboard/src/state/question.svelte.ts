// A question a card keeps asking: at once when it changes, again when the stream says that something did.
// It never runs twice at the same time, and keeps the last answer while the next is on its way.
import { untrack } from 'svelte';
import { Problem } from '../api/problem';
import { query, type Answer, type QueryRequest } from '../api/query';
import { live } from './live.svelte';
import { data } from './data.svelte';

// How urgent a card is: the shortest pause between two answers for a range of 15 minutes.
const PACE_MS = { figures: 1000, lists: 2000, series: 5000 } as const;

/** The pause between two answers; a month does not change every second, and its answer costs more. */
export function pace(kind: keyof typeof PACE_MS, range_ms: number): number {
  const hours = range_ms / 3_600_000;
  const factor = hours <= 0.25 ? 1 : hours <= 1 ? 2 : hours <= 6 ? 5 : 10;
  return PACE_MS[kind] * factor;
}

const RETRY_FIRST_MS = 2000;
const RETRY_MAX_MS = 30_000;

/** A running question; make it while a component starts, it ends with the component. */
export class Question {
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The answer belongs to an earlier form of the question. */
  outdated = $derived.by(() => this.answer !== null && JSON.stringify(this.answer.request) !== this.#key);

  #attempt = $state(0);
  #key: string;

  /** `ask` may return null: then there is nothing to ask yet. */
  constructor(ask: () => QueryRequest | null, pace_ms: () => number) {
    this.#key = $derived(JSON.stringify(ask()));
    $effect(() => {
      void this.#attempt;
      const request = JSON.parse(this.#key) as QueryRequest | null;
      if (request === null) return;
      const abort = new AbortController();
      void untrack(() => this.#keepAsking(request, pace_ms, abort.signal));
      return () => abort.abort();
    });
  }

  /** Asks again now, after an error. */
  retry(): void {
    this.problem = null;
    this.#attempt += 1;
  }

  async #keepAsking(request: QueryRequest, pace_ms: () => number, signal: AbortSignal): Promise<void> {
    let retry_ms = RETRY_FIRST_MS;
    while (!signal.aborted) {
      const heard = live.revision;
      const answered = await this.#ask(request, signal);
      retry_ms = answered ? RETRY_FIRST_MS : Math.min(retry_ms * 2, RETRY_MAX_MS);
      await pause(answered ? pace_ms() : retry_ms, signal);
      if (answered) await live.newerThan(heard, signal);
    }
  }

  async #ask(request: QueryRequest, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await query(request, signal);
      if (signal.aborted) return false;
      this.answer = answer;
      this.problem = null;
      data.learn(answer.meta);
      return true;
    } catch (cause) {
      if (signal.aborted) return false;
      this.problem = cause instanceof Problem ? cause : new Problem(0, 'The page has a fault', String(cause));
      return false;
    }
  }
}

function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, duration_ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
