import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import base from './vitest.config.js';

/** Comparisons with other programs (tshark): they need what `.ci/run` installs, so they stand apart from `npm test`. */
const config: ViteUserConfig = mergeConfig(
  base,
  defineConfig({ test: { testTimeout: 120_000, fileParallelism: false } }),
);
config.test = { ...config.test, include: ['test/interop/**/*.test.ts'], exclude: [] };
export default config;
