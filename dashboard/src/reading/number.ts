// How counts, quantities and money are written: short on a card, exact on hover and for screen readers.
// It knows no metric; which of the two a place wants is decided there.

/** Keeps a number and its unit on one line. */
export const NARROW_SPACE = '\u202f';
/** What stands where there is no value. */
export const NO_VALUE = '–';

const MAGNITUDES = [
  { size: 1e12, sign: 'T' },
  { size: 1e9, sign: 'G' },
  { size: 1e6, sign: 'M' },
  { size: 1e3, sign: 'k' },
] as const;

// From here on thousands are dropped: 9,999 is read at a glance, 18,412 is not.
const ABBREVIATED_FROM = 10_000;

const formats = new Map<string, Intl.NumberFormat>();

/** A number with at most three significant digits once it is large: `1,204`, `18.4 k`, `1.24 M`. */
export function shortNumber(value: number | null, locale?: string): string {
  if (value === null || !Number.isFinite(value)) return NO_VALUE;
  const size = Math.abs(value);
  if (size >= ABBREVIATED_FROM - 0.5) return signed(value, abbreviated(size, locale));
  if (size >= 1000 || Number.isInteger(size)) return signed(value, grouped(Math.round(size), 0, locale));
  return signed(value, threeDigits(size, locale));
}

/** A round number beside an axis: `800`, `12 k`, `1.5 M`. */
export function axisNumber(value: number, locale?: string): string {
  const magnitude = MAGNITUDES.find(({ size }) => value >= size && value >= ABBREVIATED_FROM) ?? { size: 1, sign: '' };
  const text = numberFormat(locale, { maximumSignificantDigits: 4 }).format(value / magnitude.size);
  return magnitude.sign ? `${text}${NARROW_SPACE}${magnitude.sign}` : text;
}

/** Every digit, thousands by locale: `1,240,318`. */
export function exactNumber(value: number | null, locale?: string): string {
  if (value === null || !Number.isFinite(value)) return NO_VALUE;
  return signed(value, numberFormat(locale, { maximumFractionDigits: 6 }).format(Math.abs(value)));
}

/** Money on a card: the currency's own digits below 1,000, then as any number. */
export function shortMoney(amount: string | null, currency: string, locale?: string): string {
  const value = amountValue(amount);
  if (value === null) return NO_VALUE;
  if (Math.abs(value) >= 999.5) return shortNumber(value, locale);
  return signed(value, grouped(Math.abs(value), minorDigits(currency), locale));
}

/** Money with every digit the server sent; the text never passes through a float. */
export function exactMoney(amount: string | null, currency: string, locale?: string): string {
  if (amount === null) return NO_VALUE;
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (!match) return `${amount} ${currency}`.trim();
  const [, minus, whole = '0', fraction] = match;
  const point = decimalPoint(locale);
  const digits = BigInt(whole).toLocaleString(locale) + (fraction ? point + fraction : '');
  return `${minus ? '−' : ''}${digits}\u00a0${currency}`.trim();
}

/** Decimal text as a number, for lengths of bars and comparisons only. */
export function amountValue(amount: string | number | null | undefined): number | null {
  if (amount === null || amount === undefined || amount === '') return null;
  const value = Number(amount);
  return Number.isFinite(value) ? value : null;
}

/** A share of 0…1 in words of a card: `61 %`, `0.4 %`, `< 0.1 %`. */
export function shortShare(share: number | null, locale?: string): string {
  if (share === null || !Number.isFinite(share)) return NO_VALUE;
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return `<${NARROW_SPACE}${grouped(0.1, 1, locale)}${NARROW_SPACE}%`;
  const digits = percent > 0 && percent < 9.95 ? 1 : 0;
  return `${grouped(percent, digits, locale)}${NARROW_SPACE}%`;
}

/** How many digits the currency has after the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2; // not an ISO code: a shop's own token
  }
}

function abbreviated(size: number, locale?: string): string {
  let index = MAGNITUDES.findIndex((magnitude) => size >= magnitude.size);
  if (index < 0) index = MAGNITUDES.length - 1;
  // 999,950 rounds to 1,000 k, which is written 1.00 M.
  if (index > 0 && Number((size / magnitude(index).size).toPrecision(3)) >= 1000) index -= 1;
  const { size: unit, sign } = magnitude(index);
  return `${threeDigits(size / unit, locale)}${NARROW_SPACE}${sign}`;
}

function magnitude(index: number): (typeof MAGNITUDES)[number] {
  return MAGNITUDES[index] ?? MAGNITUDES[0];
}

function threeDigits(size: number, locale?: string): string {
  return numberFormat(locale, { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }).format(size);
}

function grouped(size: number, digits: number, locale?: string): string {
  return numberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(size);
}

function decimalPoint(locale?: string): string {
  return numberFormat(locale, {}).formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
}

// Making a format costs about 30 µs, using it about 1: a table of 900 seconds has 7,200 numbers, four times a second.
function numberFormat(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale, options);
  formats.set(key, made);
  return made;
}

function signed(value: number, text: string): string {
  return value < 0 ? `−${text}` : text;
}
