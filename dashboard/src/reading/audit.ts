// The lines of the audit and the rows of data quality as tables, and which state of a card they mean.
// Which words explain a column stands here as well: they are the same for card, table and CSV.
import type { AuditLine, QualityRow } from '../api/audit';
import type { Content } from './emptiness';
import { numberCell, textCell, timeCell, type Cell, type Table } from './export';
import { exactNumber, shortShare } from './number';
import { ends, isoTime, type Range } from './range';
import { moment } from './time';

/** How lines of the audit can be told apart. */
export const LINES_BY = [
  { name: 'source', label: 'Source', by: 'source,store' },
  { name: 'hour', label: 'Hour', by: 'hour' },
  { name: 'store', label: 'Store', by: 'store' },
] as const;

/** Which rows of data quality are shown. */
export const QUALITY_OF = [
  { name: 'all', label: 'All fields' },
  { name: 'faults', label: 'With faults' },
] as const;

/** A word and what it means. */
export interface Meaning {
  name: string;
  label: string;
  definition: string;
  formula?: string;
}

/** The columns of the audit. */
export const AUDIT_MEANINGS: readonly Meaning[] = [
  { name: 'law', label: 'The law', definition: 'Nothing disappears silently: both sums add up, in every line by itself.', formula: 'received = accepted + duplicate + quarantined; accepted = counted + late + retracted + in flight' },
  { name: 'received', label: 'Received', definition: 'Events that came in, whatever became of them. They stand at the hour in which they came in, not when they happened.' },
  { name: 'accepted', label: 'Accepted', definition: 'Read, checked, in the log, and neither a repeat nor a conflict.' },
  { name: 'duplicate', label: 'Duplicate', definition: 'Came before and said the same. They count once.' },
  { name: 'quarantined', label: 'Quarantined', definition: 'Set aside with a reason and their bytes, to be mended and read again.' },
  { name: 'counted', label: 'Counted', definition: 'Accepted, and in every number they belong to.' },
  { name: 'late', label: 'Late', definition: 'Accepted, and so old that they wait for their day to be folded again. It returns to 0.' },
  { name: 'retracted', label: 'Retracted', definition: 'Accepted by an import that was undone since: they count nowhere.' },
  { name: 'in_flight', label: 'In flight', definition: 'In the log and not judged yet: a fraction of a second, or longer while the server catches up.' },
  { name: 'rows_read', label: 'Rows', definition: 'Rows of files. Several rows may make one event, and one row several.' },
];

/** The columns of data quality. */
export const QUALITY_MEANINGS: readonly Meaning[] = [
  { name: 'rows', label: 'Rows', definition: 'Events that came in; for a field that begins with “items.”, line items of those that were not set aside.' },
  { name: 'nulls', label: 'Empty', definition: 'Of the events, or lines, that were not set aside at the door, how many lack the field. Only fields that the source ever filled are told.' },
  { name: 'invalid', label: 'Set aside', definition: 'Events set aside because of this field, and by which step. “event” is what could not even be read.' },
  { name: 'duplicates', label: 'Repeats', definition: 'Events that came before. They are known by their id, so they stand at event_id.' },
  { name: 'findings', label: 'Findings', definition: 'The newest 15 minutes with events, judged against fixed limits and the source’s own past; and silence, judged against its usual pause.' },
];

/** Which moments of receipt a range means. A range that ends at the newest data of old files means all of it. */
export function receiptRange(range: Range, now: number): { from?: string; to?: string } {
  if (range.kind === 'all' || (range.kind === 'last' && range.anchor === 'newest')) return {};
  const [from, to] = ends(range, now, null);
  // A range that ends now has no end: what comes in while the question is on its way belongs to it.
  return range.kind === 'last' ? { from: isoTime(from) } : { from: isoTime(from), to: isoTime(to) };
}

/** The state of a card: `received` is what ever came in. */
export function receiptContent(rows: number, received: number): Content {
  if (rows > 0) return 'chart';
  return received === 0 ? 'empty' : 'outside';
}

/** Where a line stands, in words. */
export function lineWords(line: AuditLine, now: number, timezone: string): string {
  if (line.part === 'in_flight') return 'not read yet';
  if (line.part === 'before') return 'before';
  if (line.hour !== undefined) return moment(Date.parse(line.hour), now, timezone);
  if (line.source === '') return 'older sources';
  return line.name ?? line.store ?? 'all';
}

const COUNTS = ['received', 'accepted', 'duplicate', 'quarantined', 'counted', 'late', 'retracted', 'in_flight', 'rows_read'] as const;

/** Lines as a table: newest hour first, largest source first. */
export function auditTable(lines: readonly AuditLine[], by: string, now: number, timezone: string): Table {
  const sources = by.includes('source');
  const head = LINES_BY.find((one) => one.by === by)?.label ?? 'Line';
  return {
    columns: [
      { name: by.split(',')[0] ?? 'line', label: head, align: 'left' },
      ...(sources ? [{ name: 'store', label: 'Store', align: 'left' as const }] : []),
      ...COUNTS.map((name) => ({ name, label: labelOf(name), align: 'right' as const })),
      { name: 'law', label: 'Law', align: 'left' },
    ],
    rows: sorted(lines, by).map((line) => [
      placeCell(line, now, timezone),
      ...(sources ? [textCell(line.store ?? '')] : []),
      ...COUNTS.map((name) => numberCell(exactNumber(line[name]), line[name])),
      textCell(line.law_holds ? 'holds' : 'broken'),
    ]),
  };
}

function sorted(lines: readonly AuditLine[], by: string): AuditLine[] {
  const newest = (line: AuditLine) => (line.hour === undefined ? (line.part === 'in_flight' ? Infinity : -Infinity) : Date.parse(line.hour));
  const order = by === 'hour' ? newest : (line: AuditLine) => line.received;
  return [...lines].sort((a, b) => order(b) - order(a));
}

function placeCell(line: AuditLine, now: number, timezone: string): Cell {
  const words = lineWords(line, now, timezone);
  return line.hour === undefined ? textCell(words, line.source || words) : timeCell(words, line.hour);
}

function labelOf(name: string): string {
  return AUDIT_MEANINGS.find((one) => one.name === name)?.label ?? name;
}

/** Whether anything speaks against a row. */
export function hasFaults(row: QualityRow): boolean {
  return row.invalid > 0 || row.duplicates > 0;
}

/** Rows of data quality as a table. */
export function qualityTable(rows: readonly QualityRow[]): Table {
  const column = (name: string, label: string, align: 'left' | 'right') => ({ name, label, align });
  return {
    columns: [
      column('source', 'Source', 'left'), column('store', 'Store', 'left'), column('field', 'Field', 'left'), column('rows', 'Rows', 'right'),
      column('nulls', 'Empty', 'right'), column('null_share', 'Empty %', 'right'), column('invalid', 'Set aside', 'right'),
      column('invalid_share', 'Set aside %', 'right'), column('duplicates', 'Repeats', 'right'), column('steps', 'Steps', 'left'),
    ],
    rows: rows.map((row) => [
      textCell(row.name, row.source), textCell(row.store), textCell(row.field), numberCell(exactNumber(row.rows), row.rows),
      numberCell(exactNumber(row.nulls), row.nulls), numberCell(shortShare(row.null_share), row.null_share),
      numberCell(exactNumber(row.invalid), row.invalid), numberCell(shortShare(row.invalid_share), row.invalid_share),
      numberCell(exactNumber(row.duplicates), row.duplicates), textCell(stepWords(row.steps)),
    ]),
  };
}

function stepWords(steps: Record<string, number>): string {
  const most = Object.entries(steps).sort(([, a], [, b]) => b - a);
  return most.map(([step, events]) => `${step} ${exactNumber(events)}`).join(', ');
}
