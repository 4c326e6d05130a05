import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';

const entities = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on Job { id recipe provider { name } logs(limit: 1) { offset } }
    ... on Provider { name kind }
  }
}`;

describe('a gateway', () => {
  let server: TestApp;
  beforeAll(async () => {
    server = await openTestApp();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('gets entities in the order of its representations, null for what is not there', async () => {
    const id = await deploy(server.url);
    const { data, errors } = await graphql(server.url, entities, {
      representations: [
        { __typename: 'Provider', name: 'local' },
        { __typename: 'Job', id: 'nope' },
        { __typename: 'Job', id },
        { __typename: 'Provider', name: 'nope' },
      ],
    });
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([
      { __typename: 'Provider', name: 'local', kind: 'LOCAL' },
      null,
      {
        __typename: 'Job',
        id,
        recipe: 'default',
        provider: { name: 'local' },
        logs: { offset: 0 },
      },
      null,
    ]);
  });

  test('may write representations into its document', async () => {
    const query =
      '{ _entities(representations: [{ __typename: "Provider", name: "local" }]) { __typename } }';
    const { data } = await graphql(server.url, query);
    expect(data).toEqual({ _entities: [{ __typename: 'Provider' }] });
  });

  test.each([
    { __typename: 'JobFailure', id: '1' },
    { __typename: '__proto__', id: '1' },
    { __typename: 'Job' },
    { __typename: 'Job', id: { toString: 'x' } },
    { __typename: { toString: 1 }, id: '1' },
    { id: '1' },
    'Job',
    7,
  ])('is told what a representation is: %j', async (representation) => {
    const { errors } = await graphql(server.url, entities, { representations: [representation] });
    expect(errors).toMatchObject([
      {
        message:
          'A representation names its entity and its key: { __typename: "Job", id: "…" } or { __typename: "Provider", name: "…" }.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
  });

  test('pays for each entity', async () => {
    const representations = Array(2000).fill({ __typename: 'Provider', name: 'local' });
    const { errors } = await graphql(server.url, entities, { representations });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors?.[0]?.message).toContain('costs');
  });
});
