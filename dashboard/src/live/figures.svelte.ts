// The six key figures: their questions, and what is read out of the answers.
// Money is never added up over currencies: the chosen one is large, the others are named beside it.
import type { Figure } from './Kpi.svelte';
import type { Answer, QueryRequest, Row } from '../api/query';
import { lineOfCells, unsettled, type Line } from '../reading/buckets';
import { stakeWords } from '../reading/carts';
import { describeChange, tooYoungToCompare, type Change } from '../reading/change';
import { numberCell, queryCommand, timeCell, type Table } from '../reading/export';
import { NO_VALUE, exactMoney, exactNumber, shortMoney, shortNumber, shortShare } from '../reading/number';
import { narrowing, numberIn, ofStore, textIn, windowIn } from '../reading/question';
import { isLive, lengthMs, periodBefore, queryRange, sparklineGranularity, type Granularity } from '../reading/range';
import { moment } from '../reading/time';
import { data } from '../state/data.svelte';
import { live } from '../state/live.svelte';
import { Question, pace } from '../state/question.svelte';
import { view } from '../state/view.svelte';

const COUNTS = ['orders'];
const MONEY = ['revenue', 'aov', 'orders'];
const MONEY_LINES = ['revenue', 'aov'];
const VISITORS = ['visitors'];
const CONVERSION = ['conversion_rate', 'sessions_with_order', 'sessions'];
const OPEN_CARTS = ['carts_open'];
const STAKE = ['open_carts_value'];
const CARTS = ['carts_created'];
/** Visits that began so lately may still order; a session ends after half an hour of silence, most who order do so within ten minutes. */
const CONVERSION_SETTLES_MS = 10 * 60_000;
/** Figures that have no value where there is nothing to divide by. */
const RATIOS = ['aov', 'conversion_rate'];

/** The row of key figures; make it while a component starts. */
export class Figures {
  #range_ms = $derived(lengthMs(view.current.range, data.oldest, data.newest));
  #granularity: Exclude<Granularity, 'all'> = $derived(sparklineGranularity(this.#range_ms) as Exclude<Granularity, 'all'>);
  #isEmpty = $derived(data.known && data.newest === null);
  #currency = $derived(view.current.currency ?? data.currencies[0] ?? null);

  #counts = this.#ask(() => this.#total(COUNTS));
  #money = this.#ask(() => this.#total(MONEY));
  #visitors = this.#ask(() => this.#visitorsNow());
  #conversion = this.#ask(() => this.#total(CONVERSION));
  #openCarts = this.#ask(() => ({ metrics: OPEN_CARTS, ...ofStore(view.current) }));
  #stake = this.#ask(() => ({ metrics: STAKE, ...ofStore(view.current) }));
  #countLines = this.#ask(() => this.#series(COUNTS), 'series');
  #moneyLines = this.#ask(() => (this.#currency === null ? null : { ...this.#series(MONEY_LINES), currency: this.#currency }), 'series');
  #visitorLine = this.#ask(() => this.#series(VISITORS), 'series');
  #conversionLine = this.#ask(() => this.#series(['conversion_rate']), 'series');
  #cartLine = this.#ask(() => this.#series(CARTS), 'series');

  all: Figure[] = $derived.by(() => [
    this.#visitorsFigure(), this.#revenueFigure(), this.#count('orders', 'Orders'),
    this.#conversionFigure(), this.#aovFigure(), this.#openCartsFigure(),
  ]);

  #ask(ask: () => QueryRequest | null, kind: 'figures' | 'series' = 'figures'): Question {
    return new Question(ask, () => pace(kind, this.#range_ms));
  }

  #total(metrics: string[]): QueryRequest {
    const { range } = view.current;
    const compare = range.kind === 'all' ? {} : { compare: 'previous_period' as const };
    return { metrics, ...this.#narrowing(metrics), range: queryRange(range), ...compare, ...ofStore(view.current) };
  }

  #series(metrics: string[]): QueryRequest {
    return { metrics, ...this.#narrowing(metrics), range: queryRange(view.current.range), granularity: this.#granularity, ...ofStore(view.current) };
  }

  // "Now" is five minutes; a page that looks at the past counts the visitors of its range.
  #visitorsNow(): QueryRequest {
    if (!isLive(view.current.range)) return this.#total(VISITORS);
    return { ...this.#total(VISITORS), range: { last: '5m' } };
  }

  #narrowing(metrics: string[]): Pick<QueryRequest, 'dimensions' | 'filters'> {
    return narrowing(view.current.filter, metrics, data.catalogue) ?? {};
  }

  #visitorsFigure(): Figure {
    const now = isLive(view.current.range);
    const value = this.#counted(this.#visitors, 'visitors');
    return {
      ...this.#frame('visitors', this.#visitors, VISITORS, this.#visitorLine, 0),
      title: now ? 'Visitors, last 5 minutes' : 'Visitors',
      short: shortNumber(value),
      exact: exactNumber(value),
      change: this.#change(this.#visitors, this.#visitors.answer?.rows[0], 'visitors', now ? 'the 5 minutes before' : periodBefore(view.current.range)),
    };
  }

  #count(name: string, title: string): Figure {
    const row = this.#counts.answer?.rows[0];
    const value = this.#counted(this.#counts, name);
    return {
      ...this.#frame(name, this.#counts, [name], this.#countLines, 0),
      title,
      short: shortNumber(value),
      exact: exactNumber(value),
      change: this.#change(this.#counts, row, name, periodBefore(view.current.range)),
    };
  }

  #revenueFigure(): Figure {
    const row = this.#moneyRow();
    const currency = this.#shownCurrency();
    const amount = this.#isEmpty || this.#money.answer === null ? null : (textIn(row, 'revenue') ?? '0');
    return {
      ...this.#frame('revenue', this.#money, ['revenue'], this.#moneyLines, 0),
      title: 'Revenue',
      short: shortMoney(amount, currency),
      exact: exactMoney(amount, currency),
      unit: amount === null ? '' : currency,
      aside: this.#otherCurrencies('revenue'),
      change: this.#change(this.#money, row, 'revenue', periodBefore(view.current.range)),
    };
  }

  #conversionFigure(): Figure {
    const row = this.#conversion.answer?.rows[0];
    const sessions = numberIn(row, 'sessions') ?? 0;
    const orders = exactNumber(numberIn(row, 'sessions_with_order') ?? 0);
    const frame = this.#frame('conversion_rate', this.#conversion, ['conversion_rate'], this.#conversionLine, null);
    return {
      ...frame,
      line: frame.line && unsettled(frame.line, Date.parse(this.#conversionLine.answer?.meta.as_of ?? ''), CONVERSION_SETTLES_MS),
      title: 'Conversion',
      short: shortShare(numberIn(row, 'conversion_rate')),
      exact: sessions === 0 ? 'no sessions to divide by' : `${orders} of ${exactNumber(sessions)} sessions with an order`,
      change: this.#change(this.#conversion, row, 'conversion_rate', periodBefore(view.current.range)),
    };
  }

  #aovFigure(): Figure {
    const row = this.#moneyRow();
    const currency = this.#shownCurrency();
    const amount = textIn(row, 'aov');
    const asText = amount === null ? null : rounded(amount);
    return {
      ...this.#frame('aov', this.#money, ['aov'], this.#moneyLines, null),
      title: 'Average order',
      short: shortMoney(asText, currency),
      exact: amount === null ? 'no orders to average' : exactMoney(asText, currency),
      unit: amount === null ? '' : currency,
      change: this.#change(this.#money, row, 'aov', periodBefore(view.current.range)),
    };
  }

  // Carts are open now, whatever range the page looks at; the line tells how many were begun in it.
  #openCartsFigure(): Figure {
    const value = this.#counted(this.#openCarts, 'carts_open');
    const amounts = (this.#stake.answer?.rows ?? []).map((row) => ({ currency: textIn(row, 'currency') ?? '', value: textIn(row, 'open_carts_value') ?? '0' }));
    const stake = this.#stake.answer === null ? '' : stakeWords(amounts, this.#currency);
    const frame = this.#frame('carts_created', this.#openCarts, OPEN_CARTS, this.#cartLine, 0);
    return {
      ...frame,
      name: 'carts_open',
      metrics: [...OPEN_CARTS, ...STAKE],
      title: 'Open carts',
      short: shortNumber(value),
      exact: exactNumber(value),
      change: { direction: 'unknown', arrow: '', words: (value ?? 0) === 0 ? '' : stake },
      narrowed: view.current.filter === null,
    };
  }

  #frame(name: string, question: Question, metrics: string[], lines: Question, absent: 0 | null): Omit<Figure, 'title' | 'short' | 'exact' | 'change'> {
    const line = lines.answer === null || lines.outdated ? null : lineOf(lines.answer, name, absent);
    return {
      name, metrics, line, unit: '', aside: '',
      table: tableOf(name, line, live.now),
      curl: queryCommand(location.origin, question.answer?.request ?? { metrics }),
      asOf: question.answer?.meta.as_of ?? null,
      narrowed: narrowing(view.current.filter, metrics, data.catalogue) !== null,
      state: question.problem && !question.answer ? 'error' : !question.answer ? 'loading' : this.#isEmpty ? 'empty' : 'value',
      outdated: question.outdated,
      reason: question.problem?.title ?? (this.#isEmpty ? 'no events yet' : ''),
      retry: () => question.retry(),
    };
  }

  // An answer without a row counts zero; a store without events has no numbers at all.
  #counted(question: Question, name: string): number | null {
    if (this.#isEmpty || question.answer === null) return null;
    return numberIn(question.answer.rows[0], name) ?? 0;
  }

  #change(question: Question, row: Row | undefined, name: string, period: string): Change {
    const { range } = view.current;
    const asked = question.answer?.meta.range;
    if (range.kind === 'all' || !asked || !question.answer?.request.compare) return { direction: 'unknown', arrow: '', words: 'since the first event' };
    const from = Date.parse(asked.from);
    const before = from - (Date.parse(asked.to) - from);
    if (data.oldest !== null && data.oldest > before) return tooYoungToCompare(data.oldest >= from);
    const absent = RATIOS.includes(name) ? null : 0;
    return describeChange(numberIn(row, name) ?? absent, numberIn(row, `${name}_before`) ?? absent, period);
  }

  #moneyRow(): Row | undefined {
    return this.#money.answer?.rows.find((row) => row['currency'] === this.#shownCurrency());
  }

  #shownCurrency(): string {
    return this.#currency ?? String(this.#money.answer?.rows[0]?.['currency'] ?? '');
  }

  #otherCurrencies(name: string): string {
    const others = this.#money.answer?.rows.filter((row) => row['currency'] !== this.#shownCurrency() && (numberIn(row, 'orders') ?? 0) > 0) ?? [];
    if (others.length === 0) return '';
    const words = others.slice(0, 2).map((row) => `${shortMoney(textIn(row, name), String(row['currency']))}\u00a0${row['currency']}`);
    return `and ${words.join(', ')}${others.length > 2 ? ` and ${others.length - 2} more` : ''}`;
  }
}

/** The announcement of all figures, for those who asked to hear them. */
export function spokenFigures(figures: readonly Figure[]): string {
  const words = (figure: Figure) => [figure.exact, figure.change.words].filter(Boolean).join(', ');
  return figures.map((figure) => `${figure.title}: ${words(figure)}.`).join(' ');
}

function lineOf(answer: Answer, column: string, absent: 0 | null): Line | null {
  const { range, as_of, oldest_event, newest_event, timezone } = answer.meta;
  const from = Date.parse(range?.from ?? oldest_event ?? '');
  const to = Date.parse(range?.to ?? newest_event ?? '');
  const granularity = answer.request.granularity;
  if (Number.isNaN(from) || Number.isNaN(to) || !granularity || granularity === 'all') return null;
  const cells = answer.rows.flatMap((row) => {
    const value = numberIn(row, column);
    return value === null ? [] : [{ start: windowIn(row), name: 'line', value }];
  });
  const bounds = { from, to, now: Date.parse(as_of), oldest: oldest_event === null ? null : Date.parse(oldest_event) };
  return lineOfCells(cells, granularity, bounds, absent, timezone);
}

function tableOf(name: string, line: Line | null, now: number): Table {
  const rows = (line?.starts ?? []).map((start, bucket) => {
    const value = line?.values[bucket] ?? null;
    const time = new Date(start).toISOString();
    return [timeCell(moment(start, now, data.timezone), time), numberCell(value === null ? NO_VALUE : shortNumber(value), value)];
  });
  return {
    columns: [{ name: 'window_start', label: 'From', align: 'left' }, { name, label: data.catalogue.get(name)?.label ?? name, align: 'right' }],
    rows: rows.toReversed(),
  };
}

// A ratio comes with as many digits as the division gave; a price has two.
function rounded(amount: string): string {
  return Number(amount).toFixed(2);
}
