// Which page the address names; going to another one is a step the Back button undoes.
import { pageAt, type PageName } from '../reading/pages';
import { writeView } from '../reading/view';
import { view } from './view.svelte';

class PlaceState {
  page = $state<PageName>(pageAt(typeof location === 'undefined' ? '/' : location.pathname));

  constructor() {
    globalThis.addEventListener?.('popstate', () => {
      this.page = pageAt(location.pathname);
    });
  }

  /** Goes to a page; store, range and filter stay. */
  go(path: string): void {
    if (pageAt(path) === this.page) return;
    history.pushState(null, '', path + writeView(view.current));
    this.page = pageAt(path);
    document.querySelector<HTMLElement>('#page')?.focus();
  }
}

/** The one place one is at. */
export const place = new PlaceState();
