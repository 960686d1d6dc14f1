// One way to call the server: same origin, session cookie, the header of the forgery guard, typed errors.
import { Problem, problemOf, unreachable } from './problem';

type Listener = () => void;

const signedOutListeners = new Set<Listener>();

/** Calls back whenever the server no longer knows this browser. */
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

/** The body of an answer; throws a `Problem`, or the abort of `signal`. */
export async function call<Body>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<Body> {
  const response = await send(method, path, body, signal);
  if (response.status === 401 && path !== '/api/v1/session') signedOutListeners.forEach((listener) => listener());
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as Body;
  return parsed<Body>(response);
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Requested-With': 'shopstream' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable();
  }
}

async function parsed<Body>(response: Response): Promise<Body> {
  try {
    return (await response.json()) as Body;
  } catch {
    throw new Problem(response.status, 'The answer cannot be read', 'The server sent something else than JSON.');
  }
}
