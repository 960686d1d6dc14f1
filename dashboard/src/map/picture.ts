// What the map shows: a shade for each country that is known by its name, what is left over, and a ring for each new order.
import { countryKey } from './countries';
import type { Shape } from './shapes';
import type { Order } from '../reading/pulse';

/** A country as a card counted it; the name is the shop's. */
export interface CountedCountry {
  name: string;
  value: number;
  short: string;
}

/** A country that is drawn with a shade. */
export interface Shaded {
  key: string;
  /** The shop's name for it; the one with the most where it has several. */
  name: string;
  value: number;
  words: string;
  /** 1 (few) to 5 (many). */
  shade: number;
}

/** An order that came in lately. */
export interface Ring {
  id: string;
  x: number;
  y: number;
  /** 0 just now, 1 gone. */
  age: number;
}

/** Shades. */
export const SHADES = 5;
/** How long an order is seen. */
export const RING_MS = 60_000;

/** Countries with shades by key, and names that no country has. */
export function shaded(counted: readonly CountedCountry[]): { countries: ReadonlyMap<string, Shaded>; unknown: string[] } {
  const countries = new Map<string, Shaded & { largest: number }>();
  const unknown: string[] = [];
  for (const { name, value, short } of counted) {
    const key = countryKey(name);
    if (key === null) {
      unknown.push(name);
      continue;
    }
    const before = countries.get(key);
    const isLarger = before === undefined || value > before.largest;
    countries.set(key, {
      key, value: (before?.value ?? 0) + value, shade: 0, largest: isLarger ? value : before.largest, name: isLarger ? name : before.name,
      words: before === undefined ? `${name}: ${short}` : `${before.words}, ${name}: ${short}`,
    });
  }
  const most = Math.max(0, ...[...countries.values()].map((country) => country.value));
  for (const country of countries.values()) country.shade = shadeOf(country.value, most);
  return { countries, unknown };
}

/** The shade of a value: by its square root, so that a country with a tenth of the most is no blank. */
export function shadeOf(value: number, most: number): number {
  if (value <= 0 || most <= 0) return 0;
  return Math.max(1, Math.ceil(Math.sqrt(value / most) * SHADES));
}

/** A ring for each order of the last minute whose country is on the map; where in the country follows from its id. */
export function rings(orders: readonly Order[], now: number, shapes: ReadonlyMap<string, Shape>): Ring[] {
  return orders.flatMap((order) => {
    const age = (now - Date.parse(order.time)) / RING_MS;
    const shape = age >= 0 && age < 1 && order.country ? shapes.get(countryKey(order.country) ?? '') : undefined;
    if (!shape) return [];
    const [angle, distance] = scatter(order.order_id);
    const reach = Math.min(20, shape.extent / 3) * distance;
    return [{ id: order.order_id, x: shape.centre[0] + reach * Math.cos(angle), y: shape.centre[1] + reach * Math.sin(angle), age }];
  });
}

// A direction and a distance of 0…1 that look like chance and are always the same.
function scatter(id: string): [number, number] {
  let hash = 2166136261;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 16777619);
  const mixed = Math.imul(hash ^ (hash >>> 15), 2246822507) >>> 0;
  return [((mixed & 0xffff) / 0x10000) * 2 * Math.PI, Math.sqrt((mixed >>> 16) / 0x10000)];
}
