// Which event types get a band of their own, in which order they are stacked, in which colour.
// The same type keeps its colour on every page; colours themselves are tokens of `look.css`.

/** Bands with a name; the rest is "other". */
export const SERIES_MAX = 6;
/** Colour of "other": the token after the six. */
export const OTHER_SLOT = 0;

// From looking to buying. The stack stands on the end of the way: rare bands at the bottom keep their shape,
// on top of the many views they would only repeat their noise.
const WAY_THROUGH_SHOP = [
  'page_view', 'search', 'list_view', 'item_click', 'item_view', 'login', 'logout', 'sign_up', 'wishlist_add', 'cart_view', 'cart_remove',
  'cart_add', 'checkout_start', 'checkout_step', 'payment_error', 'refund', 'order',
];

// The colour (1…6) a type takes when it is free.
const PREFERRED_SLOT: Record<string, number> = {
  page_view: 1, item_view: 2, cart_add: 3, order: 4, checkout_start: 5, search: 6,
  list_view: 6, item_click: 5, cart_view: 6, cart_remove: 6, wishlist_add: 5, checkout_step: 6, payment_error: 5, refund: 6,
};

// An order is rare among views, and the reason for all of them.
const ALWAYS_SHOWN = 'order';
// A newcomer must be this much larger than the smallest band, or two types near each other would swap all the time.
const NEWCOMER_FACTOR = 1.25;

/** The types shown as bands, bottom (nearest to the purchase) first; `shown` is the choice of the moment before. */
export function chooseSeries(totals: ReadonlyMap<string, number>, shown: readonly string[], count_max = SERIES_MAX): string[] {
  const weight = (name: string) => {
    if (name === ALWAYS_SHOWN) return Infinity;
    return (totals.get(name) ?? 0) * (shown.includes(name) ? NEWCOMER_FACTOR : 1);
  };
  const present = [...totals.keys()].filter((name) => (totals.get(name) ?? 0) > 0);
  const largest = present.sort((a, b) => weight(b) - weight(a) || (a < b ? -1 : 1)).slice(0, count_max);
  return largest.sort((a, b) => place(b) - place(a) || (a < b ? -1 : 1));
}

/** A colour slot 1…6 for each shown type, all different. */
export function colourSlots(shown: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  const take = (name: string, slot: number) => {
    slots.set(name, slot);
    taken.add(slot);
  };
  for (const name of shown) {
    const slot = PREFERRED_SLOT[name];
    if (slot !== undefined && !taken.has(slot)) take(name, slot);
  }
  for (const name of shown.filter((one) => !slots.has(one))) {
    const free = [1, 2, 3, 4, 5, 6].find((slot) => !taken.has(slot));
    take(name, free ?? OTHER_SLOT);
  }
  return slots;
}

/** A type as a person says it: `cart_add` → "cart add", "not stated" for null. */
export function spoken(name: string | null): string {
  if (name === null) return 'not stated';
  return name.replaceAll('_', ' ');
}

function place(name: string): number {
  const index = WAY_THROUGH_SHOP.indexOf(name);
  return index; // -1, a custom name: above all others
}
