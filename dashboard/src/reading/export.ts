// What leaves a card: CSV for a table program, a command line for a terminal.

/** A table of text cells, as a card shows it in its table view. */
export interface Table {
  columns: { name: string; label: string; align: 'left' | 'right' }[];
  rows: Cell[][];
}

/** A cell: what is shown, and what is exported if that differs. */
export interface Cell {
  shown: string;
  exact: string;
  /** Text came from a shop and may hold anything; numbers and times came from us. */
  kind: 'text' | 'number' | 'time';
}

/** A cell of text. */
export function textCell(shown: string, exact = shown): Cell {
  return { shown, exact, kind: 'text' };
}

/** A cell of a number, exported without grouping. */
export function numberCell(shown: string, exact: string | number | null): Cell {
  return { shown, exact: exact === null ? '' : String(exact), kind: 'number' };
}

/** A cell of a time, exported in RFC 3339. */
export function timeCell(shown: string, exact: string): Cell {
  return { shown, exact, kind: 'time' };
}

/** RFC 4180 text; a shop's text that a table program would take for a formula gets an apostrophe. */
export function toCsv(table: Table): string {
  const head = table.columns.map((column) => quoted(column.name)).join(',');
  const lines = table.rows.map((row) => row.map((cell) => quoted(harmless(cell))).join(','));
  return [head, ...lines].join('\r\n') + '\r\n';
}

/** The question as a command; the key stays in a variable and never enters the clipboard. */
export function queryCommand(origin: string, request: unknown): string {
  const body = JSON.stringify(request).replaceAll("'", `'\\''`);
  return [
    `curl -s ${shellWord(`${origin}/api/v1/query`)} \\`,
    `  -H "X-API-Key: $SHOPSTREAM_KEY" -H 'Content-Type: application/json' \\`,
    `  -d '${body}'`,
  ].join('\n');
}

/** A page of the API as a command. */
export function getCommand(origin: string, path: string): string {
  return `curl -s ${shellWord(origin + path)} -H "X-API-Key: $SHOPSTREAM_KEY"`;
}

/** The stream as a command. */
export function streamCommand(origin: string, store: string | null): string {
  const address = `${origin}/api/v1/stream${store ? `?store=${encodeURIComponent(store)}` : ''}`;
  return `curl -sN ${shellWord(address)} -H "X-API-Key: $SHOPSTREAM_KEY"`;
}

/** A name for a downloaded file: `shopstream-top-products-2026-11-21T08-57.csv`. */
export function fileName(card: string, asOf: string): string {
  const word = card.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `shopstream-${word}-${asOf.slice(0, 16).replaceAll(':', '-')}.csv`;
}

function harmless(cell: Cell): string {
  return cell.kind === 'text' && /^[=+\-@\t\r]/.test(cell.exact) ? `'${cell.exact}` : cell.exact;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
