// The session of this browser as the pages see it.
import { onSignedOut } from '../api/client';
import { Problem } from '../api/problem';
import { readSession, signIn, signOut, type Session } from '../api/session';

class SessionState {
  /** `asking` only before the first answer; `unreachable` when no server answers. */
  status = $state<'asking' | 'in' | 'out' | 'unreachable'>('asking');
  stores = $state.raw<string[]>([]);
  /** May do what changes something. */
  mayManage = $state(false);

  constructor() {
    onSignedOut(() => {
      this.status = 'out';
    });
  }

  /** Asks the server who we are. */
  async refresh(): Promise<void> {
    try {
      this.#enter(await readSession());
    } catch (cause) {
      this.status = cause instanceof Problem && cause.status === 401 ? 'out' : 'unreachable';
    }
  }

  /** Asks whether we are still known; a server that is only away changes nothing. */
  async check(): Promise<void> {
    await readSession().catch((cause: unknown) => {
      if (cause instanceof Problem && cause.status === 401) this.status = 'out';
    });
  }

  /** Throws a `Problem` if the key is not known. */
  async enter(key: string): Promise<void> {
    await signIn(key);
    this.#enter(await readSession());
  }

  /** Forgets the cookie on both sides. */
  async leave(): Promise<void> {
    await signOut().catch(() => undefined); // without a server there is no session to end
    this.status = 'out';
  }

  #enter(session: Session): void {
    this.stores = session.stores;
    this.mayManage = session.scopes.includes('admin');
    this.status = 'in';
  }
}

/** The one session of the page. */
export const session = new SessionState();
