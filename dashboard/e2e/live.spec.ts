// The page Live against a running shop: numbers move, every card is filled, the state lives in the address.
import { expect, type Page } from '@playwright/test';
import { everyCardIsFilled, test } from './shop';

const rateOf = (page: Page) => page.locator('[data-card="timeline"] strong');

test('every card is filled and the figures move', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const events = shop.locator('[data-card="types"] footer span').first();
  const before = await events.textContent();
  await expect(events).not.toHaveText(before ?? '');
  await expect(shop.locator('header [data-status]')).toHaveAttribute('data-status', 'live');
  await expect(rateOf(shop)).not.toHaveText('0');
});

test('new orders come into the ticker by themselves', async ({ shop }) => {
  await shop.goto('/');
  const newest = shop.locator('[data-card="ticker"] li').first();
  await expect(newest).toBeVisible();
  const before = await newest.textContent();
  await expect(newest).not.toHaveText(before ?? '');
});

test('the timeline is painted, not only framed', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const colours = await shop.locator('[data-card="timeline"] canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set<number>();
    for (let at = 0; at < data.length; at += 4 * 7) if ((data[at + 3] ?? 0) > 250) seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
    return seen.size;
  });
  expect(colours).toBeGreaterThan(4);
});

test('Space freezes the page and lets it run again', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  await shop.locator('h1').click();
  await shop.keyboard.press('Space');
  const status = shop.locator('header [data-status]');
  await expect(status).toHaveAttribute('data-status', 'paused');
  await shop.waitForTimeout(1500); // answers that were on their way may still arrive
  const frozen = await shop.locator('#page').textContent();
  await shop.waitForTimeout(2500);
  expect(await shop.locator('#page').textContent()).toBe(frozen);
  await shop.keyboard.press('Space');
  await expect(status).toHaveAttribute('data-status', 'live');
  await expect(shop.locator('#page')).not.toHaveText(frozen ?? '');
});

test('a range goes into the address, comes back with Back, and survives a reload', async ({ shop }) => {
  await shop.goto('/');
  await shop.getByRole('button', { name: /Time range/ }).click();
  await shop.getByRole('button', { name: 'Last hour' }).click();
  await expect(shop).toHaveURL(/\?range=1h$/);
  await expect(shop.locator('[data-card="timeline"] .subtitle')).toHaveText('events a minute, by type');
  await shop.reload();
  await expect(shop.getByRole('button', { name: 'Time range: Last hour' })).toBeVisible();
  await everyCardIsFilled(shop);
  await shop.getByRole('button', { name: /Time range/ }).click();
  await shop.getByRole('button', { name: 'All time' }).click();
  await expect(shop).toHaveURL(/\?range=all$/);
  await everyCardIsFilled(shop);
  await shop.goBack();
  await expect(shop).toHaveURL(/\?range=1h$/);
});

test('a typed range is shown', async ({ shop }) => {
  await shop.goto('/');
  await shop.getByRole('button', { name: /Time range/ }).click();
  await shop.getByLabel('From', { exact: true }).fill('2010-12-01T00:00');
  await shop.getByLabel('To', { exact: true }).fill('2010-11-01T00:00');
  await shop.getByRole('button', { name: 'Show this range' }).click();
  await expect(shop.getByRole('alert')).toHaveText('The end must come after the start.');
  await shop.getByLabel('To', { exact: true }).fill('2010-12-02T00:00');
  await shop.getByRole('button', { name: 'Show this range' }).click();
  await expect(shop).toHaveURL(/range=custom&from=2010-12-01/);
});

test('a range beside the data offers the way back to them', async ({ shop }) => {
  await shop.goto('/?range=custom&from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z');
  for (const card of ['timeline', 'types', 'products', 'categories', 'countries', 'devices', 'funnel', 'carts']) {
    await expect(shop.locator(`[data-card="${card}"]`), card).toHaveAttribute('data-state', 'outside');
  }
  await shop.locator('[data-card="products"]').getByRole('button', { name: 'Jump to the newest data' }).click();
  await expect(shop).toHaveURL(/anchor=newest/);
  await everyCardIsFilled(shop);
});

test('a click on a category narrows the figures and can be taken back', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const exact = async () => Number((await shop.locator('[data-kpi="orders"] .figure .unseen').textContent())?.replaceAll(',', ''));
  const all = await exact();
  const bar = shop.locator('[data-card="categories"] button.row').first();
  const category = (await bar.locator('.name').textContent()) ?? '';
  await bar.click();
  expect(new URL(shop.url()).searchParams.get('filter')).toBe(`category=${category}`);
  await expect(shop.locator('header .pill')).toContainText(category);
  await expect.poll(exact).toBeLessThan(all);
  await expect(shop.locator('[data-card="countries"] footer')).toContainText('not narrowed by the filter');
  await shop.getByRole('button', { name: /Remove the filter/ }).click();
  await expect(shop).toHaveURL(/\/$/);
});

test('a click on a type lifts it out of the timeline', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  await shop.locator('[data-card="types"] button.row').first().click();
  await expect(shop).toHaveURL(/filter=type/);
  await expect(shop.locator('[data-card="timeline"]')).toHaveAttribute('data-state', 'chart');
});

test('products can be ranked by views, units and revenue, and say that they are widened', async ({ shop }) => {
  await shop.goto('/');
  const card = shop.locator('[data-card="products"]');
  for (const measure of ['Views', 'Units', 'Revenue']) {
    await card.getByRole('button', { name: measure, exact: true }).click();
    await expect(card).toHaveAttribute('data-state', 'chart');
    await expect(card.locator('.body')).not.toHaveClass(/outdated/);
    await expect(card.locator('footer')).toContainText('whole 15 minutes');
    const values = await card.locator('.value').evaluateAll((cells) => cells.map((cell) => Number((cell.getAttribute('title') ?? '').replaceAll(/[^\d.]/g, ''))));
    expect(values.length).toBeGreaterThan(1);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  }
});

test('every chart has its table, its definition, its CSV and its command', async ({ shop, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await shop.goto('/');
  await everyCardIsFilled(shop);
  for (const title of ['What is happening?', 'What are they doing?', 'What sells?', 'Which categories?', 'Where from?', 'Which devices?', 'How far do they get?']) {
    const card = shop.getByRole('region', { name: title, exact: true }).first();
    await card.getByRole('button', { name: `What “${title}” counts` }).click();
    await expect(card.getByRole('dialog').locator('h3').first(), title).toBeVisible();
    await shop.keyboard.press('Escape');
    await card.getByRole('button', { name: `More for “${title}”` }).click();
    await card.getByRole('button', { name: 'Show as table' }).click();
    await expect(card.locator('tbody tr').first(), title).toBeVisible();
  }
  const types = shop.locator('[data-card="types"]');
  await types.getByRole('button', { name: /More for/ }).click();
  const download = shop.waitForEvent('download');
  await types.getByRole('button', { name: 'Download CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/^shopstream-what-are-they-doing-.*\.csv$/);
  await types.getByRole('button', { name: /More for/ }).click();
  await types.getByRole('button', { name: 'Copy as curl' }).click();
  await expect(types.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await shop.evaluate(() => navigator.clipboard.readText())).toContain('/api/v1/query');
});

test('a drag over the timeline chooses a range', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const box = (await shop.locator('[data-card="timeline"] .u-over').boundingBox())!;
  await shop.mouse.move(box.x + box.width * 0.7, box.y + 60);
  await shop.mouse.down();
  await shop.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 4 });
  await shop.mouse.up();
  await expect(shop).toHaveURL(/range=custom/);
});

test('figures are read out when asked for, and only then', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const spoken = shop.locator('#page > * p.unseen[aria-live="polite"], #page p.unseen[aria-live="polite"]').first();
  await expect(spoken).toHaveText('');
  await shop.keyboard.press('r');
  await expect(spoken).toContainText('Revenue:');
});

test('the map is the world, shaded where visitors come from, and a click on a country filters', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const map = shop.locator('[data-card="countries"] svg[role="img"]');
  await expect(map).toBeVisible();
  await expect.poll(() => map.locator('path').count()).toBeGreaterThan(200); // the fine world came when there was time
  const shaded = map.locator('path.shade-5').first();
  await expect(shaded).toBeAttached();
  await expect(shaded.locator('title')).toContainText(':');
  await shaded.dispatchEvent('click');
  await expect(shop).toHaveURL(/filter=country/);
  await expect(map.locator('.chosen')).toHaveCount(1);
});

test('orders of the last minute are rings on the map', async ({ shop }) => {
  await shop.goto('/');
  await expect.poll(() => shop.locator('[data-card="countries"] circle.ring').count(), { timeout: 30_000 }).toBeGreaterThan(0);
});

test('a funnel has no step with more than the one before, and says how it goes on', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const card = shop.locator('[data-card="funnel"]');
  const units = await card.locator('.value').allTextContents();
  expect(units).toHaveLength(4);
  const widths = await card.locator('.bar').evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
  expect(widths).toEqual([...widths].sort((a, b) => b - a));
  await expect(card.locator('.way').first()).toContainText('go on, after');
  await expect(card.locator('footer')).toContainText('who entered');
});

test('open carts tell what is at stake, abandoned ones of how many', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  await expect(shop.locator('[data-kpi="carts_open"] .change')).toContainText('at stake');
  await expect(shop.locator('[data-card="carts"] p.words')).toContainText(/cart/);
  await expect(shop.locator('[data-card="carts"] footer')).toContainText('a day: carts count as abandoned after an hour of silence');
});

test('the newest minutes of conversion are drawn unfinished', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const points = (kpi: string) => shop.locator(`[data-kpi="${kpi}"] path.tail`).getAttribute('d').then((path) => (path ?? '').split(/[ML]/).length - 1);
  expect(await points('conversion_rate')).toBeGreaterThan(5);
  expect(await points('orders')).toBe(2);
});

test('cards of what the server does not count are not there, and come with it', async ({ shop }) => {
  await shop.route('**/api/v1/meta/metrics', async (route) => {
    const answer = (await (await route.fetch()).json()) as { data: { name: string; dimensions: string[] }[] };
    const others = answer.data.filter((metric) => metric.name !== 'searches' && !metric.dimensions.includes('payment_method'));
    const searches = { ...others[0], name: 'searches', label: 'Searches', dimensions: ['search_term'] };
    await route.fulfill({ json: { ...answer, data: [...others, searches] } });
  });
  await shop.route('**/api/v1/query', async (route) => {
    const asked = route.request().postDataJSON() as { metrics: string[] };
    if (!asked.metrics.includes('searches')) return route.continue();
    const times = { as_of: '2026-03-02T12:00:00Z', watermark: null, newest_event: '2026-03-02T12:00:00Z', oldest_event: '2026-03-02T11:00:00Z' };
    const meta = { columns: [], range: { from: '2026-03-02T11:45:00Z', to: '2026-03-02T12:15:00Z' }, ...times, partial: true, timezone: 'UTC', grain: '15m' };
    return route.fulfill({ json: { data: [{ search_term: 'red shoes', searches: 7 }, { search_term: 'lamp', searches: 3 }], meta, page: { next: null } } });
  });
  await shop.route('**/api/v1/inventory?**', async (route) => {
    const standing = new URL(route.request().url()).searchParams.get('standing');
    const row = { product: `p-${standing}`, name: null, standing, level: '2', estimated: true, days_of_cover: '1.5', lost_demand: '12' };
    await route.fulfill({ json: { data: standing === 'in_stock' ? [] : [row], meta: { as_of: '2026-03-02T12:00:00Z' }, page: { next: null } } });
  });
  await shop.goto('/');
  const searches = shop.locator('[data-card="searches"]');
  await expect(searches).toHaveAttribute('data-state', 'chart');
  await expect(searches.locator('.row').first()).toContainText('red shoes');
  await expect(searches.locator('footer')).toContainText('whole 15 minutes');
  await expect(shop.locator('[data-card="payments"]')).toHaveCount(0);
  await expect(shop.locator('[data-card="stock"] li')).toHaveText([/p-out\s*out, 12 missed/, /p-low\s*2 left, 1.5 days/]);
});

test('what fires stands over the figures, worst first, and goes once it is seen', async ({ shop }) => {
  await shop.goto('/');
  const strip = shop.locator('[data-alerts]');
  await expect(strip.getByRole('listitem').first()).toBeVisible({ timeout: 30_000 });
  const ranks = (await strip.locator('.severity').allTextContents()).map((word) => ['critical', 'warning', 'info'].indexOf(word));
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  await strip.getByRole('button', { name: 'As a table' }).click();
  await expect(strip.getByRole('columnheader', { name: 'What happened' })).toBeVisible();
  await strip.getByRole('button', { name: 'As a list' }).click();
  const answered = shop.waitForResponse((response) => response.url().endsWith('/acknowledge'));
  await strip.getByRole('button', { name: /^Seen/ }).first().click();
  const response = await answered;
  expect(response.status()).toBe(200);
  expect(((await response.json()) as { data: { acknowledged: unknown } }).data.acknowledged).not.toBeNull();
});
