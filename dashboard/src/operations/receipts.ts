// What both cards ask with: the moments of receipt that the page's range means, and the store, where one is chosen.
import type { Asked } from '../api/audit';
import { receiptRange } from '../reading/audit';
import { live } from '../state/live.svelte';
import { view } from '../state/view.svelte';

// A range that ends now would move with every tick; whole minutes keep the question the same for a while.
const STEP_MS = 60_000;

/** The question for the page's range and store. */
export function receipts(by: string): Asked {
  const now = Math.floor(live.now / STEP_MS) * STEP_MS;
  const { range, store } = view.current;
  return { by, ...receiptRange(range, now), ...(store === null ? {} : { store }) };
}
