import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectDir } from '../../../src/lib/system/project.ts';
import { startProcess } from '../../support/cli.ts';
import { graphql } from '../../support/clients.ts';
import { openFolder } from '../../support/folder.ts';
import { type ServerProcess, startServer } from '../../support/server-process.ts';

// A copy of the sources, to which what a contributor would write is added: one folder, one line.
const stack = new AsyncDisposableStack();
let home: string;
let cli: string;
let server: ServerProcess;

const recipes = {
  hop: { command: ['hop'], moon: { gravity: 0.166 } },
  plain: { command: ['plain'], image: 'an/image:1' },
};
const providers = { dark: { kind: 'moon', crater: 'Daedalus', apiKeyEnv: 'DARK_KEY' } };

beforeAll(async () => {
  home = stack.use(await openFolder()).path;
  for (const name of ['src', 'bin', 'package.json', 'tsconfig.json']) {
    await cp(join(projectDir, name), join(home, name), { recursive: true });
  }
  await symlink(join(projectDir, 'node_modules'), join(home, 'node_modules'));
  const moon = join(import.meta.dirname, 'moon');
  for (const name of ['definition.ts', 'provider.ts']) {
    const text = await readFile(join(moon, name), 'utf8');
    const target = join(home, 'src/providers/moon', name);
    await cp(join(moon, name), target);
    await writeFile(target, text.replaceAll('../../../../src/core/', '../../core/'));
  }
  const registry = join(home, 'src/providers/registry.ts');
  const text = await readFile(registry, 'utf8');
  const added = text
    .replace('[local, runpod]', '[local, runpod, moon]')
    .replace(
      'import { runpod }',
      "import { moon } from './moon/definition.ts';\nimport { runpod }",
    );
  await writeFile(registry, added);
  await writeFile(join(home, 'yard.json'), JSON.stringify({ providers, recipes }));
  cli = join(home, 'bin/trainyard.js');
  const env = {
    TRAINYARD_CONFIG: join(home, 'yard.json'),
    TRAINYARD_DATA_DIR: join(home, 'data'),
    MOON_KEY: 'the-key',
    DARK_KEY: 'another-key',
  };
  server = stack.use(await startServer({ cli, env }));
});
afterAll(() => stack.disposeAsync());

/** What the job of a deploy printed: all that its provider was told. */
async function told(id: string) {
  const query = '{ jobUpdated: job(id: "ID") { status logs { lines complete } } }'.replace(
    'ID',
    id,
  );
  let job = (await graphql(server.url, query)).data.jobUpdated;
  await expect
    .poll(async () => {
      job = (await graphql(server.url, query)).data.jobUpdated;
      return job.logs.complete;
    })
    .toBe(true);
  return JSON.parse(job.logs.lines[0]);
}

async function deployed(input: string) {
  const query = `mutation { deployJob(input: {modelName: "m", ${input}}) { job { id } } }`;
  const { data, errors } = await graphql(server.url, query);
  return errors ? errors[0]?.message : told(data.deployJob.job.id);
}

describe('a kind that is one folder and one line in the registry', () => {
  test('passes the compiler, no other file touched', async () => {
    const tsc = join(projectDir, 'node_modules/.bin/tsc');
    const { code, stdout } = await startProcess(tsc, ['-p', home]).ended();
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('is in the graph, with its kind, its options and their choices', async () => {
    const { data } = await graphql(
      server.url,
      `{ providers { name kind recipes }
         kinds: __type(name: "ProviderKind") { enumValues { name description } }
         options: __type(name: "MoonOptions") { inputFields { name type { name kind ofType { name ofType { name } } } } }
         sides: __type(name: "MoonSide") { enumValues { name } }
         input: __type(name: "DeployJobInput") { inputFields { name type { name } } } }`,
    );
    const own = ['walk', 'hop', 'plain'];
    expect(data.providers).toEqual([
      { name: 'local', kind: 'LOCAL', recipes: ['default', 'tiny-lm', 'hop', 'plain'] },
      { name: 'moon', kind: 'MOON', recipes: own },
      { name: 'dark', kind: 'MOON', recipes: own },
    ]);
    const moon = { name: 'MOON', description: 'A place without air.' };
    expect(data.kinds.enumValues).toContainEqual(moon);
    expect(data.sides.enumValues.map(({ name }: { name: string }) => name)).toEqual([
      'NEAR',
      'FAR',
    ]);
    expect(data.input.inputFields).toContainEqual({ name: 'moon', type: { name: 'MoonOptions' } });
    const names = data.options.inputFields.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['side', 'gpuCount', 'landers', 'env', 'budgetUsd', 'maxHours']);
  });

  test('gets its settings, its key, its recipe settings and its deploy options, and no others', async () => {
    expect(
      await deployed(
        'provider: "dark", recipe: "hop", moon: {side: FAR, landers: ["a", "b"], budgetUsd: 2}',
      ),
    ).toEqual({
      crater: 'Daedalus',
      key: 'DARK_KEY',
      recipe: { command: ['hop'], gravity: 0.166 },
      options: { side: 'FAR', landers: ['a', 'b'], budgetUsd: 2 },
    });
    expect(await deployed('provider: "moon", recipe: "plain"')).toEqual({
      crater: 'Copernicus',
      key: 'MOON_KEY',
      recipe: { command: ['plain'] },
      options: {},
    });
  });

  test('refuses the options of another kind, as others refuse its own', async () => {
    expect(await deployed('provider: "moon", recipe: "walk", runpod: {gpuCount: 1}')).toBe(
      'input.runpod is for providers of the kind RUNPOD; moon is MOON.',
    );
    expect(await deployed('provider: "local", moon: {side: FAR}')).toBe(
      'input.moon is for providers of the kind MOON; local is LOCAL.',
    );
  });

  test('has its flags on the command line; a name that was taken begins with its word', async () => {
    const flags = ['--side', 'far', '--moon-gpu-count', '3', '--moon-budget-usd', '4'];
    const args = [
      cli,
      'deploy',
      '--model',
      'm',
      '--provider',
      'moon',
      '--recipe',
      'walk',
      ...flags,
    ];
    const { code, stdout, stderr } = await startProcess(process.execPath, args, {
      url: server.url,
    }).ended();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { options } = await told(stdout.trim());
    expect(options).toEqual({ side: 'FAR', gpuCount: 3, budgetUsd: 4 });
  });

  test('has a place in the configuration, checked by its own schemas', async () => {
    const refusal = async (content: object) => {
      await writeFile(join(home, 'wrong.json'), JSON.stringify(content));
      const env = { TRAINYARD_CONFIG: join(home, 'wrong.json'), TRAINYARD_DATA_DIR: '/nowhere' };
      const { stderr } = await startProcess(process.execPath, [cli, 'serve'], { env }).ended();
      return stderr;
    };
    expect(await refusal({ providers: { far: { kind: 'moon' } } })).toContain(
      'providers.far has no key: set its apiKeyEnv, or its apiKey.',
    );
    expect(
      await refusal({ recipes: { a: { command: ['x'], moon: { gravity: 'no' } } } }),
    ).toContain('recipes.a.moon.gravity: ');
    expect(await refusal({ recipes: { a: { command: ['x'], gravity: 1 } } })).toContain(
      'recipes.a: "gravity" is not known here',
    );
    expect(await refusal({ providers: { far: { kind: 'sun' } } })).toContain(
      '"kind" is "local" or "runpod" or "moon"',
    );
  });
});
