// The browser test: a real server, a real browser. SHOPSTREAM_URL and SHOPSTREAM_KEY name a running shop with events coming in.
import { defineConfig } from '@playwright/test';

// Debian's browser; PLAYWRIGHT_CHROMIUM names another one.
const executablePath = process.env['PLAYWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 1, // one server, one set of numbers that must move
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env['SHOPSTREAM_URL'] ?? 'http://127.0.0.1:8000',
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    launchOptions: {
      executablePath,
      // A container has no user namespaces, little shared memory and no graphics.
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    },
  },
});
