// Who this browser is: the session behind the cookie.
import { call } from './client';

/** What the session may do. */
export interface Session {
  scopes: string[];
  stores: string[];
}

/** The session of the cookie; throws a `Problem` with status 401 if there is none. */
export async function readSession(): Promise<Session> {
  return (await call<{ data: Session }>('GET', '/api/v1/session')).data;
}

/** Trades a key for the cookie. */
export function signIn(key: string): Promise<void> {
  return call('POST', '/api/v1/session', { key });
}

/** Gives the cookie back. */
export function signOut(): Promise<void> {
  return call('DELETE', '/api/v1/session');
}
