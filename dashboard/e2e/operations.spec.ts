// The page Operations against a running shop: the law holds line by line, fields are told, every state has its words.
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { violations } from './accessibility';
import { test } from './shop';

const PICTURES = process.env['SHOPSTREAM_SCREENSHOTS'] ?? 'test-results/pictures';
const CARDS = ['audit', 'quality'];

async function bothAreFilled(page: Page): Promise<void> {
  for (const card of CARDS) await expect(page.locator(`[data-card="${card}"]`), card).toHaveAttribute('data-state', 'chart', { timeout: 30_000 });
}

test('the navigation leads there and back, and the address keeps the range', async ({ shop }) => {
  await shop.goto('/?range=1h');
  await shop.getByRole('link', { name: 'Operations' }).click();
  await expect(shop).toHaveURL(/\/operations\?range=1h$/);
  await expect(shop.getByRole('heading', { name: 'Operations', level: 1 })).toBeVisible();
  await expect(shop.getByRole('link', { name: 'Operations' })).toHaveAttribute('aria-current', 'page');
  await shop.goBack();
  await expect(shop.getByRole('heading', { name: 'Live', level: 1 })).toBeVisible();
  await shop.goto('/operations');
  await shop.getByRole('link', { name: 'Live' }).click();
  await expect(shop).toHaveURL(/\/$/);
});

test('nothing is missing, by source, by hour and by store', async ({ shop }) => {
  await shop.goto('/operations');
  await bothAreFilled(shop);
  const card = shop.locator('[data-card="audit"]');
  await expect(card.locator('[data-verdict]')).toHaveAttribute('data-verdict', 'sound');
  for (const by of ['Source', 'Hour', 'Store']) {
    await card.getByRole('button', { name: by, exact: true }).click();
    await expect(card.locator('thead th').first()).toHaveText(by);
    const laws = await card.locator('tbody td:last-child').allTextContents();
    expect(laws.length).toBeGreaterThan(0);
    expect(new Set(laws)).toEqual(new Set(['holds']));
  }
  await expect(shop).toHaveURL(/show=audit\.store/);
});

test('the numbers of the audit move', async ({ shop }) => {
  await shop.goto('/operations');
  const received = shop.locator('[data-card="audit"] tbody tr').first().locator('td').nth(2);
  await expect(received).toBeVisible();
  const before = await received.textContent();
  await expect(received).not.toHaveText(before ?? '');
});

test('every field of the shop is told with its share of empty values', async ({ shop }) => {
  await shop.goto('/operations');
  await bothAreFilled(shop);
  const card = shop.locator('[data-card="quality"]');
  for (const field of ['event_id', 'customer_id', 'items.unit_price']) {
    await expect(card.getByRole('cell', { name: field, exact: true }).first(), field).toBeVisible();
  }
  await expect(card.locator('tbody tr', { hasText: 'customer_id' }).first()).toContainText('%');
});

test('a range without receipts says so and leads back to them', async ({ shop }) => {
  await shop.goto('/operations?range=custom&from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z');
  for (const card of CARDS) await expect(shop.locator(`[data-card="${card}"]`), card).toHaveAttribute('data-state', 'outside');
  await shop.locator('[data-card="audit"]').getByRole('button', { name: 'Jump to the newest data' }).click();
  await bothAreFilled(shop);
});

test('an answer that fails is told with a way to try again', async ({ shop }) => {
  await shop.route('**/api/v1/audit?**', (route) => route.fulfill({ status: 200, body: 'no JSON' }));
  await shop.goto('/operations');
  const card = shop.locator('[data-card="audit"]');
  await expect(card).toHaveAttribute('data-state', 'error');
  await shop.unroute('**/api/v1/audit?**');
  await card.getByRole('button', { name: 'Try again' }).click();
  await expect(card).toHaveAttribute('data-state', 'chart');
});

test('both cards have their words, their CSV and their command', async ({ shop, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await shop.goto('/operations');
  await bothAreFilled(shop);
  for (const [title, word, file, path] of [
    ['Is anything missing?', 'Quarantined', 'is-anything-missing', '/api/v1/audit?by='],
    ['How good are the data?', 'Empty', 'how-good-are-the-data', '/api/v1/quality?by='],
  ] as const) {
    const card = shop.getByRole('region', { name: title, exact: true }).first();
    await card.getByRole('button', { name: `What “${title}” counts` }).click();
    await expect(card.getByRole('dialog').getByRole('heading', { name: word })).toBeVisible();
    await shop.keyboard.press('Escape');
    await card.getByRole('button', { name: `More for “${title}”` }).click();
    const download = shop.waitForEvent('download');
    await card.getByRole('button', { name: 'Download CSV' }).click();
    expect((await download).suggestedFilename()).toMatch(new RegExp(`^shopstream-${file}-.*\\.csv$`));
    await card.getByRole('button', { name: `More for “${title}”` }).click();
    await card.getByRole('button', { name: 'Copy as curl' }).click();
    await expect(card.getByRole('button', { name: 'Copied' })).toBeVisible();
    expect(await shop.evaluate(() => navigator.clipboard.readText())).toContain(path);
    await shop.keyboard.press('Escape');
  }
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 320]) {
    test(`the page is whole and accessible, ${colorScheme}, ${width} px`, async ({ shop }) => {
      await shop.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await shop.setViewportSize({ width, height: width === 320 ? 800 : 900 });
      await shop.goto('/operations');
      await bothAreFilled(shop);
      expect(await shop.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shop.screenshot({ path: join(PICTURES, `operations-${colorScheme}-${width}.png`), fullPage: width === 320 });
      expect(await violations(shop)).toEqual([]);
    });
  }
}
