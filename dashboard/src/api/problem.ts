// Errors as the pages show them: what happened, why, what to do, and the id to look it up.

/** An answer that is none; `status` 0 means that nothing came back at all. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | null;
  readonly traceId: string | null;

  constructor(status: number, title: string, detail: string, hint: string | null = null, traceId: string | null = null) {
    super(`${title}: ${detail}`);
    this.name = 'Problem';
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.hint = hint;
    this.traceId = traceId;
  }
}

/** Reads application/problem+json; any other body leaves the status to speak. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const field = (name: string): string | null => {
    const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : null;
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return new Problem(
    response.status,
    field('title') ?? `The server answered ${response.status}`,
    field('detail') ?? response.statusText,
    field('hint'),
    field('trace_id') ?? response.headers.get('x-trace-id'),
  );
}

/** The request did not reach a server. */
export function unreachable(): Problem {
  return new Problem(0, 'The server does not answer', 'The page could not reach shopstream.', 'Look whether it still runs: shopstream status');
}
