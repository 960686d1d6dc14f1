// The live tables a browser keeps from the stream: events a second by type, and the newest orders.
// Snapshots replace, deltas carry absolute values, so that a message seen twice changes nothing.

/** Seconds of the pulse that are kept; the timeline shows 15 minutes. */
export const PULSE_SECONDS_MAX = 900;
/** Orders that are kept. */
export const ORDERS_MAX = 50;

/** An order as the ticker shows it. */
export interface Order {
  order_id: string;
  time: string;
  revenue: string | null;
  currency: string | null;
  units: string | null;
  items: number | null;
  country: string | null;
  city: string | null;
  first_item: string | null;
}

/** Events of one second by type. */
export interface PulseSecond {
  t: string;
  counts: Record<string, number>;
}

/** The body of `snapshot` and of `delta`. */
export interface StreamMessage {
  as_of: string;
  watermark: string | null;
  newest_event: string | null;
  pulse?: PulseSecond[];
  orders?: Order[];
  /** Ids of orders that are none any more. */
  gone?: string[];
}

/** What the browser knows from the stream; a new value for every message, never changed in place. */
export interface LiveTables {
  asOf: number;
  newestEvent: number | null;
  /** By whole seconds since 1970. */
  pulse: ReadonlyMap<number, Readonly<Record<string, number>>>;
  /** Newest first. */
  orders: readonly Order[];
}

/** The tables a snapshot holds; whatever was known before is forgotten. */
export function fromSnapshot(message: StreamMessage): LiveTables {
  return applyDelta({ asOf: 0, newestEvent: null, pulse: new Map(), orders: [] }, message);
}

/** The tables after a delta. */
export function applyDelta(tables: LiveTables, message: StreamMessage): LiveTables {
  const asOf = Date.parse(message.as_of);
  return {
    asOf,
    newestEvent: message.newest_event === null ? null : Date.parse(message.newest_event),
    pulse: mergedPulse(tables.pulse, message.pulse ?? [], asOf),
    orders: mergedOrders(tables.orders, message.orders ?? [], message.gone ?? []),
  };
}

/** The tables when only time has passed. */
export function applyHeartbeat(tables: LiveTables, asOf: string): LiveTables {
  return { ...tables, asOf: Date.parse(asOf) };
}

/** Mean of events a second over the last whole `seconds`, the unfinished one left out. */
export function eventRate(tables: LiveTables, now: number, seconds = 10): number {
  const last = Math.floor(now / 1000) - 1;
  let events = 0;
  for (let second = last - seconds + 1; second <= last; second += 1) {
    for (const count of Object.values(tables.pulse.get(second) ?? {})) events += count;
  }
  return events / seconds;
}

/** All events of the pulse by type. */
export function pulseTotals(tables: LiveTables): Map<string, number> {
  const totals = new Map<string, number>();
  for (const counts of tables.pulse.values()) {
    for (const [type, count] of Object.entries(counts)) totals.set(type, (totals.get(type) ?? 0) + count);
  }
  return totals;
}

function mergedPulse(known: LiveTables['pulse'], changed: PulseSecond[], asOf: number): LiveTables['pulse'] {
  if (changed.length === 0) return known;
  const merged = new Map(known);
  for (const second of changed) merged.set(Math.floor(Date.parse(second.t) / 1000), second.counts);
  const oldest = Math.floor(asOf / 1000) - PULSE_SECONDS_MAX;
  for (const second of merged.keys()) if (second < oldest) merged.delete(second);
  return merged;
}

function mergedOrders(known: readonly Order[], changed: Order[], gone: string[]): readonly Order[] {
  if (changed.length === 0 && gone.length === 0) return known;
  const byId = new Map(known.map((order) => [order.order_id, order]));
  for (const order of changed) byId.set(order.order_id, order);
  for (const id of gone) byId.delete(id);
  const newestFirst = (a: Order, b: Order) => Date.parse(b.time) - Date.parse(a.time) || compare(b.order_id, a.order_id);
  return [...byId.values()].sort(newestFirst).slice(0, ORDERS_MAX);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
