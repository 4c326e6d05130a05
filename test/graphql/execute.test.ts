import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { createExecutor } from '../../src/graphql/engine/execute.ts';

const schema = buildSchema('type Query { ok: String }');
const args = { schema, document: parse('{ ok }'), rootValue: { ok: 'yes' } };

test('an operation that comes again and again is compiled once, and answers the same', async () => {
  let loads = 0;
  const loadCompiler = () => {
    loads += 1;
    return import('graphql-jit');
  };
  const execute = createExecutor({ onFailure: expect.unreachable, loadCompiler });
  for (let run = 0; run < 9; run += 1) {
    expect(await execute(args)).toEqual({ data: { ok: 'yes' } });
  }
  expect(loads).toBe(1);
});

test('without its compiler it is executed as it is, and that is said once', async () => {
  const failures: unknown[] = [];
  const execute = createExecutor({
    onFailure: (error) => failures.push(error),
    loadCompiler: () => Promise.reject(new Error('gone')),
  });
  for (let run = 0; run < 9; run += 1) {
    expect(await execute(args)).toEqual({ data: { ok: 'yes' } });
  }
  expect(failures).toEqual([new Error('gone')]);
});

test.each([
  'query ($lr: Float) { echo(config: { lr: $lr }) }',
  'query ($lr: Float) { echo(config: { nested: [1, { lr: $lr }] }) }',
])(
  'a variable within the literal of a scalar keeps its value, however often it comes: %s',
  async (query) => {
    const echoing = buildSchema(
      'scalar JSON type Query { echo(config: JSON): JSON, half(of: Float): Float }',
    );
    const execute = createExecutor({ onFailure: expect.unreachable });
    const rootValue = { echo: ({ config }: { config: unknown }) => JSON.stringify(config) };
    const document = parse(query);
    for (let lr = 1; lr < 9; lr += 1) {
      const { data } = await execute({
        schema: echoing,
        document,
        rootValue,
        variableValues: { lr },
      });
      expect(data?.echo).toContain(`"lr":${lr}`);
    }
  },
);

test('a wrong variable is refused in the same words, be the operation new or compiled', async () => {
  const filtered = buildSchema(
    'input Filter { search: String } type Query { count(filter: Filter): Int }',
  );
  const execute = createExecutor({ onFailure: expect.unreachable });
  const document = parse('query ($filter: Filter) { count(filter: $filter) }');
  for (const filter of [[], 7, { serach: 'x' }]) {
    const run = () =>
      execute({ schema: filtered, document, rootValue: { count: 1 }, variableValues: { filter } });
    const first = await run();
    expect(first.errors).toHaveLength(1);
    for (let times = 0; times < 8; times += 1) expect(await run()).toEqual(first);
  }
});
