// How the dashboard is built, served while developing, and unit-tested; the browser test has its own file.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

// A running shopstream, for `npm run dev` only.
const server = process.env['SHOPSTREAM_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  build: {
    // `light-dark()` and the popover attribute are native from these versions on.
    target: ['chrome123', 'firefox125', 'safari17.5'],
    // The server's policy forbids inline scripts; small files stay files as well.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
  },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/login': server } },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts'],
    env: { TZ: 'America/New_York' }, // no claim may depend on the reader's own time zone
  },
});
