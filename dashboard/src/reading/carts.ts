// Carts in words: why they die, what is at stake, which range can tell of abandoned ones.
import type { Amount, CartSummary, CartTally } from '../api/carts';
import type { Meaning } from './audit';
import { amountValue, exactMoney, exactNumber, shortMoney, shortShare } from './number';
import { GRANULARITY_MS, ends, isoTime, queryRange, type QueryRange, type Range } from './range';

/** A reason in words, and what it means. */
const REASONS: Readonly<Record<string, { words: string; definition: string }>> = {
  payment_error: { words: 'payment failed', definition: 'A payment failed after the last thing was put in.' },
  out_of_stock: { words: 'out of stock', definition: 'Something in it was out of stock between its add and the end of the hour.' },
  price_risen: { words: 'price rose', definition: 'Something in it cost more at the end of the hour than when it was put in.' },
  shipping_shown: { words: 'saw shipping costs', definition: 'A step of checkout showed what shipping costs.' },
  coupon_denied: { words: 'coupon refused', definition: 'A coupon was refused.' },
  login_wall: { words: 'had to log in', definition: 'A step of checkout asked for an account.' },
  none: { words: 'nothing known', definition: 'Nothing of the above was seen: the visitor just left.' },
};

/** What the reasons mean, for the card's explanation. */
export const REASON_MEANINGS: readonly Meaning[] = Object.entries(REASONS).map(([name, { words, definition }]) => ({
  name, label: capital(words), definition,
}));

/** A reason as a person says it; one this page does not know yet keeps its name. */
export function reasonWords(reason: string): string {
  return REASONS[reason]?.words ?? reason.replaceAll('_', ' ');
}

/** Reasons, the most frequent first; "nothing known" comes last. */
export function rankedReasons(summary: CartSummary): (CartTally & { reason: string })[] {
  const weight = (one: CartTally & { reason: string }) => (one.reason === 'none' ? -1 : one.carts);
  return [...summary.reasons].sort((a, b) => weight(b) - weight(a) || (a.reason < b.reason ? -1 : 1));
}

/** The amount in a currency, if there is one. */
export function amountIn(values: readonly Amount[], currency: string | null): string | null {
  return values.find((amount) => amount.currency === currency)?.value ?? null;
}

/** `21.9 k USD at stake`; other currencies are named beside it, never added. */
export function stakeWords(amounts: readonly Amount[], currency: string | null): string {
  const values = amounts.filter((amount) => (amountValue(amount.value) ?? 0) > 0);
  const own = values.filter((amount) => amount.currency === currency);
  const shown = [...own, ...values.filter((amount) => amount.currency !== currency)].slice(0, 3);
  if (shown.length === 0) return 'no known prices in them';
  return `${shown.map((amount) => `${shortMoney(amount.value, amount.currency)}\u00a0${amount.currency}`).join(', ')} at stake`;
}

/** What carts came to, in one sentence: `41 % of carts were abandoned: 128 of 312.` */
export function abandonmentWords(abandoned: number, created: number): string {
  if (created === 0) return 'No cart was begun.';
  if (abandoned === 0) return created === 1 ? 'The only cart was not abandoned.' : `None of ${exactNumber(created)} carts was abandoned.`;
  const carts = created === 1 ? 'The only cart was abandoned' : `${shortShare(abandoned / created)} of carts were abandoned`;
  return created === 1 ? `${carts}.` : `${carts}: ${exactNumber(abandoned)} of ${exactNumber(created)}.`;
}

/** The list has a limit, and of a flood not every cart is told to it: so it says of how many carts it tells. */
export function listWords(summary: CartSummary, abandoned: number): string {
  const listed = exactNumber(summary.total);
  if (!summary.cut && summary.total >= abandoned) return `reasons of ${listed} abandoned ${summary.total === 1 ? 'cart' : 'carts'}`;
  return `reasons of the ${listed} abandoned ${summary.total === 1 ? 'cart' : 'carts'} that ${summary.total === 1 ? 'is' : 'are'} listed`;
}

/** Money in full, or that no price is known. */
export function worthWords(values: readonly Amount[]): string {
  const known = values.filter((amount) => amountValue(amount.value) !== null);
  return known.length === 0 ? 'no known price' : known.map((amount) => exactMoney(amount.value, amount.currency)).join(', ');
}

/** A cart counts as abandoned after an hour: what is looked at has a day at least, whole minutes, and ends where the page's range ends. */
export function cartRange(range: Range, now: number, newest: number | null): { range: QueryRange; widened: boolean } {
  if (range.kind === 'all') return { range: null, widened: false };
  const [from, to] = ends(range, now, newest);
  if (to - from >= GRANULARITY_MS['1d']) return { range: queryRange(range), widened: false };
  if (range.kind === 'last') return { range: { last: '24h', ...(range.anchor === 'newest' ? { anchor: 'newest' as const } : {}) }, widened: true };
  return { range: { from: isoTime(to - GRANULARITY_MS['1d']), to: isoTime(to) }, widened: true };
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
