// A question a card keeps asking: at once when it changes, again when the stream says that something did.
// It never runs twice at the same time, and keeps the last answer while the next is on its way.
import { untrack } from 'svelte';
import { Problem } from '../api/problem';
import { live } from './live.svelte';

const RETRY_FIRST_MS = 2000;
const RETRY_MAX_MS = 30_000;

/** What a question needs: what to ask, how long to pause between answers, and who answers. */
export interface Asked<Request, Answer> {
  /** May return null: then there is nothing to ask yet. */
  ask: () => Request | null;
  pace_ms: () => number;
  fetch: (request: Request, signal: AbortSignal) => Promise<Answer>;
}

/** A running question; make it while a component starts, it ends with the component. */
export class Asking<Request, Answer> {
  answer = $state.raw<Answer | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The answer belongs to an earlier form of the question. */
  outdated = $derived.by(() => this.answer !== null && this.#answered !== this.#key);

  #attempt = $state(0);
  #answered = $state('');
  #key: string;
  #asked: Asked<Request, Answer>;

  constructor(asked: Asked<Request, Answer>) {
    this.#asked = asked;
    this.#key = $derived(JSON.stringify(asked.ask()));
    $effect(() => {
      void this.#attempt;
      const key = this.#key;
      if (key === 'null') return;
      const abort = new AbortController();
      void untrack(() => this.#keepAsking(key, abort.signal));
      return () => abort.abort();
    });
  }

  /** Asks again now, after an error. */
  retry(): void {
    this.problem = null;
    this.#attempt += 1;
  }

  async #keepAsking(key: string, signal: AbortSignal): Promise<void> {
    let retry_ms = RETRY_FIRST_MS;
    while (!signal.aborted) {
      const heard = live.revision;
      const answered = await this.#ask(key, signal);
      retry_ms = answered ? RETRY_FIRST_MS : Math.min(retry_ms * 2, RETRY_MAX_MS);
      await pause(answered ? this.#asked.pace_ms() : retry_ms, signal);
      if (answered) await live.newerThan(heard, signal);
    }
  }

  async #ask(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#asked.fetch(JSON.parse(key) as Request, signal);
      if (signal.aborted) return false;
      this.answer = answer;
      this.#answered = key;
      this.problem = null;
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
