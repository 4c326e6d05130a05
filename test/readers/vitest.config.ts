import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node itself resolves packages: otherwise a second copy of graphql is loaded beside its own.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/readers/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
