import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest starts first and runs beside all others, instead of alone behind them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { long = [], others = [] } = Object.groupBy(sorted, ({ moduleId }) =>
      /\/test\/(kill|browser|package|docs)\//.test(moduleId) ? 'long' : 'others',
    );
    return [...long, ...others];
  }
}

// For the tests and all that they start: compiled once, not once a process.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.cache/compiled');

export default defineConfig({
  // As Node itself resolves packages: otherwise a second copy of graphql is loaded beside its own.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/built.ts',
    exclude: ['test/gateway/**', 'test/readers/**', 'node_modules/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // On a busy machine, waiting for an event takes as long as it takes.
    expect: { poll: { timeout: 20_000 } },
    // Importing a module has no effect here, so that test files can share what a worker has loaded.
    isolate: false,
    // One more than the smallest machine has cores: some tests wait for most of their time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
