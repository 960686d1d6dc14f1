// Times as people read them, always in the store's time zone; and the way back from a typed wall time.
// It never asks what time it is now: that comes in as a value.

const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `14:02` or, to the second, `14:02:11`. */
export function clockTime(time: number, timezone: string, precision: 'minute' | 'second' = 'minute'): string {
  const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  return format(timezone, precision === 'second' ? { ...options, second: '2-digit' } : options).format(time);
}

/** `23 Dec 2010`. */
export function calendarDay(time: number, timezone: string): string {
  return format(timezone, { day: 'numeric', month: 'short', year: 'numeric' }).format(time);
}

/** `23 Dec`, for axes where the year is clear. */
export function shortDay(time: number, timezone: string): string {
  return format(timezone, { day: 'numeric', month: 'short' }).format(time);
}

/** `14:02` if it is the day of `now`, else `23 Dec 2010, 17:49`. */
export function moment(time: number, now: number, timezone: string, precision: 'minute' | 'second' = 'minute'): string {
  const clock = clockTime(time, timezone, precision);
  if (calendarDay(time, timezone) === calendarDay(now, timezone)) return clock;
  return `${calendarDay(time, timezone)}, ${clock}`;
}

/** A range with its days named no more often than needed; `to` is exclusive. */
export function span(from: number, to: number, now: number, timezone: string): string {
  if (calendarDay(from, timezone) === calendarDay(to, timezone)) {
    return `${moment(from, now, timezone)}–${clockTime(to, timezone)}`;
  }
  if (to - from >= 2 * DAY_MS) return `${calendarDay(from, timezone)} – ${calendarDay(to - 1, timezone)}`;
  return `${calendarDay(from, timezone)}, ${clockTime(from, timezone)} – ${calendarDay(to, timezone)}, ${clockTime(to, timezone)}`;
}

/** How old something is: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 days`. */
export function age(elapsed_ms: number): string {
  const seconds = Math.max(0, elapsed_ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}\u202fs`;
  if (seconds < 60) return `${Math.floor(seconds)}\u202fs`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u202fmin`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}\u202fh`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** The value of an `<input type="datetime-local">` for this instant. */
export function wallTime(time: number, timezone: string): string {
  const part = partsOf(time, timezone);
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** The instant a typed wall time means; the first of two when clocks go back; null if it is no time. */
export function instantOf(wall: string, timezone: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(wall);
  if (!match) return null;
  const asUtc = Date.parse(`${match[0]}:00Z`);
  if (Number.isNaN(asUtc)) return null;
  // Both candidate offsets are tried: the one a day before a switch and the one a day after it.
  const candidates = [asUtc - DAY_MS, asUtc + DAY_MS].map((near) => asUtc - offsetAt(near, timezone));
  const exact = candidates.filter((time) => wallTime(time, timezone) === match[0]);
  return exact.length > 0 ? Math.min(...exact) : Math.max(...candidates);
}

/** Start of the calendar day after the one that holds `time`; days have 23 or 25 hours twice a year. */
export function nextDay(time: number, timezone: string): number {
  const part = partsOf(time, timezone);
  const noonNextDay = Date.UTC(Number(part.year), Number(part.month) - 1, Number(part.day) + 1);
  const day = new Date(noonNextDay).toISOString().slice(0, 10);
  return instantOf(`${day}T00:00`, timezone) ?? time + DAY_MS;
}

function offsetAt(time: number, timezone: string): number {
  const wall = Date.parse(`${wallTime(time, timezone)}:00Z`);
  return wall - Math.floor(time / 60_000) * 60_000;
}

function partsOf(time: number, timezone: string): Record<'year' | 'month' | 'day' | 'hour' | 'minute', string> {
  const parts = format(timezone, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }, 'en-CA').formatToParts(time);
  const find = (type: string) => parts.find((part) => part.type === type)?.value ?? '00';
  return { year: find('year').padStart(4, '0'), month: find('month'), day: find('day'), hour: find('hour'), minute: find('minute') };
}

// Building a formatter costs about 50 µs; a ticker line needs two, four times a second.
function format(timezone: string, options: Intl.DateTimeFormatOptions, locale = 'en-GB'): Intl.DateTimeFormat {
  const key = `${locale} ${timezone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone: timezone });
  formats.set(key, made);
  return made;
}
