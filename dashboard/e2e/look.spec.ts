// How the page looks and whether everybody can use it: both themes, three widths, axe-core without a finding.
// Pictures go to SHOPSTREAM_SCREENSHOTS, or beside the test results.
import { join } from 'node:path';
import { expect, test as bare } from '@playwright/test';
import { violations } from './accessibility';
import { everyCardIsFilled, test } from './shop';

const PICTURES = process.env['SHOPSTREAM_SCREENSHOTS'] ?? 'test-results/pictures';
const WIDTHS = [
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
  { width: 320, height: 800 },
];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of WIDTHS) {
    test(`the page is whole and accessible, ${colorScheme}, ${viewport.width} px`, async ({ shop }) => {
      await shop.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await shop.setViewportSize(viewport);
      await shop.goto('/');
      await everyCardIsFilled(shop);
      expect(await shop.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(viewport.width);
      await shop.screenshot({ path: join(PICTURES, `live-${colorScheme}-${viewport.width}.png`), fullPage: viewport.width === 320 });
      expect(await violations(shop)).toEqual([]);
    });
  }
}

test('tables, menus and the list of keys are accessible', async ({ shop }) => {
  await shop.goto('/?filter=category%3DBooks');
  await expect(shop.locator('[data-card="types"]')).toHaveAttribute('data-state', 'chart');
  const types = shop.locator('[data-card="types"]');
  await types.getByRole('button', { name: /More for/ }).click();
  expect(await violations(shop)).toEqual([]);
  await types.getByRole('button', { name: 'Show as table' }).click();
  await shop.getByRole('button', { name: /Time range/ }).click();
  expect(await violations(shop)).toEqual([]);
  await shop.keyboard.press('Escape');
  await shop.keyboard.press('?');
  await expect(shop.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
  expect(await violations(shop)).toEqual([]);
});

test('the theme goes around by key and is remembered', async ({ shop }) => {
  await shop.emulateMedia({ colorScheme: 'light' });
  await shop.goto('/');
  const paper = () => shop.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await shop.locator('h1').click();
  await shop.keyboard.press('t');
  await expect(shop.locator('html')).toHaveAttribute('data-theme', 'light');
  await shop.keyboard.press('t');
  await expect(shop.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await paper()).not.toBe(light);
  await shop.reload();
  await expect(shop.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('the keyboard alone reaches a filter, and the focus is seen', async ({ shop }) => {
  await shop.goto('/');
  await everyCardIsFilled(shop);
  const bar = shop.locator('[data-card="categories"] button.row').first();
  await bar.focus();
  await shop.keyboard.press('Enter');
  await expect(shop).toHaveURL(/filter=category/);
  await shop.locator('h1').click();
  await shop.keyboard.press('x');
  await expect(shop).not.toHaveURL(/filter/);
  await shop.keyboard.press('Tab');
  const outline = await shop.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
  expect(outline).toBe('solid');
});

bare('the way in is accessible', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByLabel('Key')).toBeVisible();
  await page.screenshot({ path: join(PICTURES, 'login.png') });
  expect(await violations(page)).toEqual([]);
});
