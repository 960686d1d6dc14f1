// GET /api/v1/stream as a connection that mends itself; what the messages mean is decided in `reading/pulse.ts`.
import type { StreamMessage } from '../reading/pulse';

/** What a listener hears. */
export interface StreamListener {
  snapshot(message: StreamMessage): void;
  delta(message: StreamMessage): void;
  heartbeat(asOf: string): void;
  /** The connection is lost and will be tried again. */
  lost(): void;
}

// The browser retries a broken connection by itself, but gives up after an HTTP error: then we do it.
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 15_000;

/** An open stream; `close` ends it for good. */
export interface StreamConnection {
  close(): void;
}

/** Opens the stream of a store, null being the server's default store. */
export function openStream(store: string | null, listener: StreamListener): StreamConnection {
  const address = store ? `/api/v1/stream?store=${encodeURIComponent(store)}` : '/api/v1/stream';
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retry_ms = RETRY_FIRST_MS;

  const connect = () => {
    source = new EventSource(address);
    on(source, 'snapshot', (message) => {
      retry_ms = RETRY_FIRST_MS;
      listener.snapshot(message as StreamMessage);
    });
    on(source, 'delta', (message) => listener.delta(message as StreamMessage));
    on(source, 'heartbeat', (message) => listener.heartbeat((message as { as_of: string }).as_of));
    source.onerror = () => {
      listener.lost();
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(connect, retry_ms);
      retry_ms = Math.min(retry_ms * 2, RETRY_MAX_MS);
    };
  };
  connect();
  return {
    close() {
      clearTimeout(timer);
      source?.close();
    },
  };
}

// `reset` needs no listener: the snapshot that follows it replaces everything.
function on(source: EventSource, name: string, receive: (message: unknown) => void): void {
  source.addEventListener(name, (event: MessageEvent<string>) => {
    let message: unknown;
    try {
      message = JSON.parse(event.data);
    } catch {
      return; // a cut-off message: the next one carries absolute values again
    }
    receive(message);
  });
}
