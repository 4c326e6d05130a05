import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node itself resolves packages: otherwise a second copy of graphql is loaded beside its own.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/gateway/**', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // On a busy machine, waiting for an event takes as long as it takes.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
  },
});
