import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { openFolder } from '../support/folder.ts';
import { lint } from './support/lint.ts';

const schema = fileURLToPath(new URL('../../schema/api.graphql', import.meta.url));
const federated = fileURLToPath(new URL('../../schema/schema.graphql', import.meta.url));
const packages = fileURLToPath(new URL('node_modules/', import.meta.url));

/** Runs a tool's program, and resolves to what it has written. Rejects with that where it fails. */
async function run(program: string, args: string[], cwd: string): Promise<string> {
  const node = promisify(execFile)(process.execPath, [join(packages, program), ...args], { cwd });
  const { stdout, stderr } = await node;
  return stdout + stderr;
}

test("Relay's compiler takes queries, pages, mutations and subscriptions of it", async () => {
  await using folder = await openFolder();
  const own = fileURLToPath(new URL('relay/', import.meta.url));
  await cp(own, join(folder.path, 'src'), { recursive: true });
  await cp(schema, join(folder.path, 'schema.graphql'));
  await mkdir(join(folder.path, 'made'));
  const config = {
    src: 'src',
    schema: 'schema.graphql',
    artifactDirectory: 'made',
    language: 'typescript',
    customScalarTypes: { DateTime: 'string', JSONObject: 'Record<string, unknown>' },
  };
  await writeFile(join(folder.path, 'relay.config.json'), JSON.stringify(config));
  await run('relay-compiler/cli.js', ['relay.config.json'], folder.path);
  expect(await readdir(join(folder.path, 'made'))).toEqual([
    'jobsChangedSubscription.graphql.ts',
    'jobsDeployMutation.graphql.ts',
    'jobsLogSubscription.graphql.ts',
    'jobsNextQuery.graphql.ts',
    'jobsQuery.graphql.ts',
    'jobs_list.graphql.ts',
  ]);
});

test('the client that genql makes of it asks the server', async () => {
  await using folder = await openFolder();
  const scalars = ['DateTime:string', 'JSONObject:Record<string, unknown>'];
  await run(
    '@genql/cli/dist/cli.js',
    [...scalars.flatMap((scalar) => ['-S', scalar]), '-s', schema, '-o', folder.path],
    folder.path,
  );
  await using app = await openTestApp();
  const { createClient } = await import(join(folder.path, 'index.ts'));
  const client = createClient({ url: `${app.url}/graphql` });
  const input = { provider: 'local', recipe: 'print', modelName: 'm', config: { lines: 1 } };
  const { deployJob } = await client.mutation({
    deployJob: { __args: { input }, job: { modelName: true, config: true } },
  });
  expect(deployJob).toEqual({ job: { modelName: 'm', config: { lines: 1 } } });
});

test("graphql-eslint's rules for schemas, and for Relay's connections, have no remark", async () => {
  expect(await lint(await readFile(schema, 'utf8'))).toEqual([]);
});

test('the linter would say what is wrong', async () => {
  expect(await lint(await readFile(federated, 'utf8'))).not.toEqual([]);
  expect(await lint('type Query { ok: Boolean }')).toContainEqual(
    expect.stringContaining('Description is required for type "Query"'),
  );
});
