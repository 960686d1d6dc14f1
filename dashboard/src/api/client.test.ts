// Claims about calls: the guard header is sent, every failure becomes a problem one can read.
import { afterEach, expect, test, vi } from 'vitest';
import { call, onSignedOut } from './client';
import { Problem } from './problem';
import { query } from './query';

afterEach(() => vi.unstubAllGlobals());

function answering(...responses: (Response | Error)[]) {
  const fetching = vi.fn(async (_path: string, _init: RequestInit) => {
    const next = responses.shift() ?? new Error('no more answers');
    if (next instanceof Error) throw next;
    return next;
  });
  vi.stubGlobal('fetch', fetching);
  return fetching;
}

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

async function problem(promise: Promise<unknown>): Promise<Problem> {
  const cause = await promise.then(() => null, (reason: unknown) => reason);
  expect(cause).toBeInstanceOf(Problem);
  return cause as Problem;
}

test('every call carries the header of the forgery guard', async () => {
  const fetching = answering(json(200, {}));
  await call('POST', '/api/v1/query', { metrics: [] });
  expect(fetching.mock.calls[0]?.[1].headers).toMatchObject({ 'X-Requested-With': 'shopstream', 'Content-Type': 'application/json' });
});

test('a problem keeps detail, hint and trace', async () => {
  answering(json(422, { title: 'Unknown metric', detail: 'no metric “revenu”', hint: 'did you mean “revenue”', trace_id: 'abc' }));
  expect(await problem(call('GET', '/x'))).toMatchObject({ status: 422, title: 'Unknown metric', hint: 'did you mean “revenue”', traceId: 'abc' });
});

test('an error page that is no JSON still says its status', async () => {
  answering(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  expect(await problem(call('GET', '/x'))).toMatchObject({ status: 502, title: 'The server answered 502' });
});

test('no server is a problem too', async () => {
  answering(new TypeError('failed'));
  expect((await problem(call('GET', '/x'))).status).toBe(0);
});

test('an answer that cannot be read is a problem', async () => {
  answering(new Response('nope', { status: 200 }));
  expect((await problem(call('GET', '/x'))).title).toBe('The answer cannot be read');
});

test('a lost session is told once to those who listen, a wrong key is not', async () => {
  const told = vi.fn();
  const stop = onSignedOut(told);
  answering(json(401, {}), json(401, {}));
  await problem(call('GET', '/api/v1/audit'));
  await problem(call('POST', '/api/v1/session', { key: 'x' }));
  stop();
  expect(told).toHaveBeenCalledTimes(1);
});

test('all pages of an answer are read, each from where the last one ended', async () => {
  const meta = { as_of: 'now' };
  const fetching = answering(
    json(200, { data: [{ n: 1 }, { n: 2 }], meta, page: { next: 'more' } }),
    json(200, { data: [{ n: 3 }], meta, page: { next: null } }),
  );
  const answer = await query({ metrics: ['events'] });
  expect(answer.rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(JSON.parse(String(fetching.mock.calls[1]?.[1].body))).toEqual({ metrics: ['events'], offset: 2 });
});

test('a question with a limit asks for one page', async () => {
  const fetching = answering(json(200, { data: [{ n: 1 }], meta: {}, page: { next: 'more' } }));
  await query({ metrics: ['events'], limit: 1 });
  expect(fetching).toHaveBeenCalledTimes(1);
});
