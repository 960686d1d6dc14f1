// What every browser test needs: a page that is signed in, and an ear for everything a console should not say.
import { expect, test as base, type Page } from '@playwright/test';

/** The key of the running shop. */
export const KEY = process.env['SHOPSTREAM_KEY'] ?? '';

if (KEY === '') throw new Error('SHOPSTREAM_KEY is not set: the browser test needs SHOPSTREAM_URL and SHOPSTREAM_KEY of a running shop');

/** A test whose page is signed in; it fails on console errors and on requests that leave the origin. */
export const test = base.extend<{ shop: Page }>({
  shop: async ({ page, baseURL }, use) => {
    const faults = listen(page, baseURL ?? '');
    await signIn(page);
    await use(page);
    expect(faults, 'console errors, page errors, foreign requests').toEqual([]);
  },
});

/** Trades the key for the cookie, as the login page does. */
export async function signIn(page: Page): Promise<void> {
  const response = await page.request.post('/api/v1/session', { data: { key: KEY }, headers: { 'X-Requested-With': 'shopstream' } });
  expect(response.status(), await response.text()).toBe(204);
}

/** Collects what must not happen. */
export function listen(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(origin) && !/^(data|blob):/.test(address)) faults.push(`foreign request: ${address}`);
  });
  return faults;
}

/** Waits until every card shows its chart. */
export async function everyCardIsFilled(page: Page): Promise<void> {
  for (const card of ['timeline', 'types', 'products', 'categories', 'ticker', 'countries', 'devices', 'funnel', 'carts']) {
    await expect(page.locator(`[data-card="${card}"]`), card).toHaveAttribute('data-state', 'chart', { timeout: 30_000 });
  }
  for (const kpi of ['visitors', 'revenue', 'orders', 'conversion_rate', 'aov', 'carts_open']) {
    await expect(page.locator(`[data-kpi="${kpi}"]`), kpi).toHaveAttribute('data-state', 'value');
    await expect(page.locator(`[data-kpi="${kpi}"] .figure > span`).first(), kpi).not.toHaveText(/^(0|0\.00|–)$/);
  }
}
