import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const src = fileURLToPath(new URL('src', import.meta.url));

/** The ordinary suite. `softirq` and its subpaths in a test or an example mean the sources, so that they need no build. */
const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^softirq$/, replacement: `${src}/index.ts` },
      { find: /^softirq\/(\w+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**'],
    // With the large counts one property takes most of a minute on a quiet machine; a slow one is no failure.
    testTimeout: process.env['SOFTIRQ_TEST_FULL'] === '1' ? 300_000 : 60_000,
    hookTimeout: 180_000,
  },
});
export default config;
