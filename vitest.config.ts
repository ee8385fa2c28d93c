import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: { include: ['test/**/*.test.ts'], exclude: ['test/interop/**'], testTimeout: 60_000 },
});
export default config;
