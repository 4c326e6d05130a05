import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { graphql } from '../support/clients.ts';

const configSchema = {
  type: 'object',
  properties: {
    lr: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    optimizer: { enum: ['adam', 'sgd'] },
    epochs: { type: 'integer', minimum: 1 },
  },
  required: ['lr'],
  additionalProperties: false,
};

let app: TestApp;
beforeAll(async () => {
  const command = [process.execPath, '-e', 'console.log("trained")'];
  app = await openTestApp({
    embeddedTrainer: {
      recipes: {
        plain: { command },
        tuned: {
          command,
          description: 'Tunes with adapters.',
          defaults: { epochs: 3 },
          configSchema,
        },
      },
    },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

async function deployed(recipe: string, config: object) {
  const { data, errors } = await graphql(
    app.url,
    'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id config } } }',
    { input: { provider: 'local', modelName: 'm', recipe, config } },
  );
  return data?.deployJob.job ?? errors?.[0];
}

test('recipes are told with all that a form needs', async () => {
  const { data } = await graphql(
    app.url,
    '{ provider(name: "local") { recipes recipeList { name description datasetPath defaults configSchema } } }',
  );
  expect(data.provider.recipes).toEqual(['plain', 'tuned']);
  expect(data.provider.recipeList).toEqual([
    { name: 'plain', description: null, datasetPath: null, defaults: {}, configSchema: null },
    {
      name: 'tuned',
      description: 'Tunes with adapters.',
      datasetPath: null,
      defaults: { epochs: 3 },
      configSchema,
    },
  ]);
});

test.each([
  [{ lr: 2 }, 'input.config.lr: '],
  [{}, 'input.config.lr: '],
  [{ lr: '0.1' }, 'input.config.lr: '],
  [{ lr: 0.1, epochs: 1.5 }, 'input.config.epochs: '],
  [{ lr: 0.1, optimizer: 'lion' }, '"adam"|"sgd"'],
  [{ lr: 0.1, learning_rate: 1 }, 'learning_rate'],
])('a config of %o is refused by the schema of its recipe', async (config, words) => {
  expect(await deployed('tuned', config)).toMatchObject({
    message: expect.stringContaining(words),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test('a config is held to the schema over the defaults, and to none where there is none', async () => {
  // What the caller gave is kept as it is: the defaults may change, and go in where it runs.
  expect(await deployed('tuned', { lr: 0.1 })).toMatchObject({ config: { lr: 0.1 } });
  expect(await deployed('plain', { lr: 2, other: 'x' })).toMatchObject({ config: { lr: 2 } });
});
