// Alerts in words: what happened, how bad it is, which come first.
import type { AlertRow, AlertSubject, Severity } from '../api/alerts';
import { amountValue, exactMoney, exactNumber } from './number';

const RANKS: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/** Worst first: by severity, then by money at risk, then the newest. Amounts of other currencies are not compared. */
export function worstFirst(rows: readonly AlertRow[], currency: string | null): AlertRow[] {
  const risk = (row: AlertRow) => (row.at_risk !== null && row.at_risk.currency === currency ? (amountValue(row.at_risk.amount) ?? 0) : 0);
  return [...rows].sort((a, b) => RANKS[a.severity] - RANKS[b.severity] || risk(b) - risk(a) || Date.parse(b.at) - Date.parse(a.at) || (a.id < b.id ? -1 : 1));
}

type Say = (thing: string, number: (name: string) => string, alert: AlertRow) => string;

const WORDS: Readonly<Record<string, Say>> = {
  high_value_order: (thing, number) => `Order ${thing} came to ${number('order_value')}`,
  unusual_quantity: (thing, number, { with: what }) => `Order ${thing} has ${number('pieces')} pieces of ${nameOf(what)}`,
  order_unlike_customer: (thing, number) => `Order ${thing} came to ${number('order_value')}; this customer’s usually come to ${number('usual')}`,
  order_unlike_category: (thing, number, { with: what }) => `Order ${thing} has ${number('order_value')} of ${nameOf(what)}; usual are ${number('usual')}`,
  quantity_unlike_product: (thing, number, { with: what }) => `Order ${thing} has ${number('pieces')} pieces of ${nameOf(what)}; usual are ${number('usual')}`,
  revenue_rate: (_, number) => `Revenue is ${number('value')}; usual at this time are ${number('usual')}`,
  order_rate: (_, number) => `${number('value')} orders; usual at this time are ${number('usual')}`,
  payment_errors: (_, number) => `${number('value')} payments failed; usual at this time are ${number('usual')}`,
  sign_ups: (_, number) => `${number('value')} signed up; usual at this time are ${number('usual')}`,
  funnel_break: (thing, number) => `Only ${number('part')} of ${number('whole')} got on to ${thing}`,
  low_stock: (thing, number) => `${thing} is low: ${number('level')} left`,
  stock_out: (thing) => `${thing} is out of stock`,
  short_cover: (thing, number) => `${thing} lasts ${number('cover_hours')} h; a delivery takes ${number('lead_hours')} h`,
  price_mistake: (thing, number) => `${thing} costs ${number('price')}; usual are ${number('usual_price')}`,
  bot_storm: (thing, number) => `${thing} asks like a program: ${number('events')} events in a minute`,
  lag: (_, number) => `Answers lag ${number('lag')} behind the events`,
  quarantine_share: (_, number, { with: why }) => `${number('part')} of ${number('whole')} events were set aside${why === null ? '' : `, most for ${ruleWords(nameOf(why)).toLowerCase()}`}`,
};

/** What happened, in one sentence; a rule this page does not know keeps its name. */
export function alertWords(alert: AlertRow): string {
  const thing = nameOf(alert.subject);
  const say = WORDS[alert.rule];
  const number = (name: string) => evidenceWords(alert, name);
  return say === undefined ? `${ruleWords(alert.rule)}: ${thing}` : say(thing, number, alert);
}

/** `stock_out` as a person reads it. */
export function ruleWords(rule: string): string {
  const words = rule.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Money at risk in full, or nothing. */
export function riskWords(alert: AlertRow): string {
  return alert.at_risk === null ? '' : `${exactMoney(alert.at_risk.amount, alert.at_risk.currency)} at risk`;
}

/** `3 alerts`, as a heading. */
export function countWords(count: number): string {
  return count === 1 ? '1 alert' : `${exactNumber(count)} alerts`;
}

function nameOf(subject: AlertSubject | null): string {
  return subject === null ? 'something' : (subject.name ?? subject.key);
}

function evidenceWords(alert: AlertRow, name: string): string {
  const found = alert.evidence.find((evidence) => evidence.name === name);
  if (found === undefined) return '?';
  if (found.unit === 'seconds') return `${exactNumber(Math.round(Number(found.value)))} s`;
  if (typeof found.value === 'number' || found.unit === 'pieces' || found.unit === 'share' || found.unit === null) return exactNumber(amountValue(found.value));
  return exactMoney(found.value, found.unit);
}
