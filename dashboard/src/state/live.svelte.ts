// The live side of the page: the stream's tables, how fresh they are, and the pause.
import { openStream, type StreamConnection } from '../api/stream';
import { applyDelta, applyHeartbeat, fromSnapshot, type LiveTables, type StreamMessage } from '../reading/pulse';
import { session } from './session.svelte';

// The server says something every 10 s; two and a half silences are no accident.
const STALE_AFTER_MS = 25_000;

/** The live indicator's states. */
export type LiveStatus = 'connecting' | 'live' | 'reconnecting' | 'stale' | 'paused';

class LiveState {
  tables = $state.raw<LiveTables | null>(null);
  paused = $state(false);
  /** Grows with every message; questions ask again when it has. */
  revision = $state(0);
  /** Local time in milliseconds, renewed twice a second; stands still while paused. */
  localNow = $state(Date.now());

  #connected = $state<'connecting' | 'live' | 'reconnecting'>('connecting');
  #heardAt = $state(0);
  #connection: StreamConnection | null = null;
  #store: string | null = null;
  #waiting = new Set<() => void>();

  status: LiveStatus = $derived.by(() => {
    if (this.paused) return 'paused';
    if (this.#connected === 'live' && this.localNow - this.#heardAt > STALE_AFTER_MS) return 'stale';
    return this.#connected;
  });
  /** Milliseconds since the server last said something. */
  age_ms = $derived(Math.max(0, this.localNow - this.#heardAt));
  /** The server's clock, as far as the last message tells. */
  now = $derived(this.tables === null ? this.localNow : this.tables.asOf + this.age_ms);

  /** Until when silence means that nothing happened: the present, or the last message of a lost stream. */
  heardUntil = $derived(this.status === 'live' ? this.now : (this.tables?.asOf ?? 0));

  /** Follows a store until the returned function is called. */
  follow(store: string | null): () => void {
    this.#store = store;
    this.tables = null;
    if (!this.paused) this.#open();
    const timer = setInterval(() => {
      if (!this.paused) this.localNow = Date.now();
    }, 500);
    const visible = () => this.#wake();
    document.addEventListener('visibilitychange', visible);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', visible);
      this.#connection?.close();
    };
  }

  /** Freezes the page, or lets it run again from a new snapshot. */
  togglePause(): void {
    this.paused = !this.paused;
    if (this.paused) {
      this.#connection?.close();
      return;
    }
    this.#open();
    this.#wake();
  }

  /** Resolves once something newer than `revision` was heard and somebody looks at the page. */
  newerThan(revision: number, signal: AbortSignal): Promise<void> {
    const ready = () => signal.aborted || (this.revision > revision && !this.paused && !document.hidden);
    if (ready()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!ready()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', look, { once: true });
    });
  }

  #open(): void {
    this.#connection?.close();
    this.#connected = 'connecting';
    this.#connection = openStream(this.#store, {
      snapshot: (message) => this.#hear(fromSnapshot(message)),
      delta: (message: StreamMessage) => this.#hear(this.tables ? applyDelta(this.tables, message) : fromSnapshot(message)),
      heartbeat: (asOf) => this.#hear(this.tables && applyHeartbeat(this.tables, asOf)),
      lost: () => {
        this.#connected = 'reconnecting';
        void session.check(); // a lost stream may mean a lost session
      },
    });
  }

  #hear(tables: LiveTables | null): void {
    this.tables = tables;
    this.#connected = 'live';
    this.#heardAt = this.localNow = Date.now();
    this.revision += 1;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** The one live state of the page. */
export const live = new LiveState();
