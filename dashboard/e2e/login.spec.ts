// The way in: a key is pasted, a wrong one is refused in words, a used link says what to do.
import { expect, test } from '@playwright/test';
import { KEY } from './shop';

test('a browser without a session is asked for a key, and let in with one', async ({ page }) => {
  await page.goto('/?range=1h');
  await expect(page.getByRole('heading', { name: 'Open your shop' })).toBeVisible();
  await page.getByLabel('Key').fill('ss_admin_wrong');
  await page.getByRole('button', { name: 'Open the dashboard' }).click();
  await expect(page.getByRole('alert')).toContainText('This key is not known here');
  await page.getByLabel('Key').fill(KEY);
  await page.getByRole('button', { name: 'Open the dashboard' }).click();
  await expect(page.getByRole('heading', { name: 'Live' })).toBeVisible();
  await expect(page).toHaveURL(/range=1h/);
});

test('signing out leads back to the way in', async ({ page }) => {
  await page.goto('/');
  await page.getByLabel('Key').fill(KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Key')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Key')).toBeVisible();
});

test('a used link says that it is used', async ({ page }) => {
  await page.goto('/login?token=used-up');
  await expect(page.getByRole('heading', { name: 'This link was used or has expired' })).toBeVisible();
  await expect(page).toHaveURL(/\/$/);
});
