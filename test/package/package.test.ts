import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql, serverSentEvents } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { openTestServer } from '../support/server.ts';
import { startServer } from '../support/server-process.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const opened = new AsyncDisposableStack();
let consumer: string;
/** What the compiler has to say of the examples. */
let complaints: string;

// A project of somebody else's, with both packages installed as npm would, and beside them all that npm would fetch.
beforeAll(async () => {
  consumer = opened.use(await openFolder()).path;
  await run('npm', ['run', 'package', '--', '--pack-destination', consumer], { cwd: root });
  await mkdir(`${consumer}/node_modules`);
  for (const name of await readdir(`${root}node_modules`)) {
    if (name.startsWith('.') || name === '@trainyard') continue;
    await symlink(`${root}node_modules/${name}`, `${consumer}/node_modules/${name}`);
  }
  for (const name of ['trainyard', '@trainyard/client']) {
    const installed = `${consumer}/node_modules/${name}`;
    await mkdir(installed, { recursive: true });
    await run('tar', ['-xzf', archiveOf(name), '-C', installed, '--strip-components=1'], {
      cwd: consumer,
    });
  }
  await cp(`${root}examples/clients`, consumer, { recursive: true });
  await cp(`${root}test/package/react-page.ts`, `${consumer}/react-page.ts`);
  await writeFile(`${consumer}/package.json`, '{ "type": "module" }');
  complaints = await compile();
}, 120_000);

afterAll(() => opened.disposeAsync());

/** The file that npm packs a package into. */
function archiveOf(name: string): string {
  return `${name.replace('@', '').replace('/', '-')}-0.1.0.tgz`;
}

/** Checks and builds the examples, as front ends are: with no more than TypeScript and the package. */
async function compile(): Promise<string> {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'dom', 'esnext.disposable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    rootDir: '.',
    outDir: 'built',
  };
  const config = { compilerOptions, exclude: ['react-page.ts'] };
  await writeFile(`${consumer}/tsconfig.json`, JSON.stringify(config));
  // Types that cannot be found would let everything pass.
  await writeFile(
    `${consumer}/wrong.ts`,
    `import { followIntoCache } from '@trainyard/client/apollo';
     import { createSocket, followLog } from '@trainyard/client';
     import { mergePage } from '@trainyard/client/urql';
     const client = createSocket({ url: '' });
     // @ts-expect-error an id is text
     followLog({ client, jobId: 1 });
     // @ts-expect-error what is followed must be named
     followIntoCache({}, { client });
     // @ts-expect-error a page has lines
     mergePage(null, { offset: 0 });`,
  );
  const compiling = run(`${root}node_modules/.bin/tsc`, ['-p', consumer]);
  return compiling.then(
    () => '',
    ({ stdout }) => stdout,
  );
}

async function runExample(file: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [file, ...args], { cwd: consumer });
  return stdout.trimEnd().split('\n');
}

async function openLog(server: Awaited<ReturnType<typeof openTestServer>>, total: number) {
  const log = await server.openLog();
  await log.print(...Array.from({ length: total }, (_, number) => `line ${number}`));
  return log;
}

test('the examples pass the strictest check against the types that the package brings', () => {
  expect(complaints).toBe('');
});

test('the followed log is printed to its end', async () => {
  await using server = await openTestServer();
  const log = await openLog(server, 1500);
  await log.end();
  const lines = await runExample('follow.ts', log.job.id, server.url);
  expect(lines).toEqual(Array.from({ length: 1500 }, (_, number) => `line ${number}`));
});

test.for(['apollo.ts', 'urql.ts'])('%s pages back and follows to the end', async (file) => {
  await using server = await openTestServer();
  const log = await openLog(server, 1000);
  const running = runExample(file, log.job.id, server.url);
  await expect.poll(() => server.liveLogs.counts.viewers, { timeout: 20_000 }).toBe(1);
  await log.print('line 1000', 'line 1001');
  await log.end();
  const shown = await running;
  expect(shown).toContain('200 of 1000 lines, from 800 on: ... line 999');
  expect(shown.at(-1)).toBe('202 of 1002 lines, from 800 on: ... line 1001');
});

test.for(['apollo-react', 'urql-react'])('%s shows earlier lines and live ones', async (name) => {
  await using server = await openTestServer();
  const log = await openLog(server, 1000);
  const page = ['react-page.ts', `./built/${name}.js`] as const;
  const running = runExample(...page, server.url, log.job.id, 'line 1001');
  await expect.poll(() => server.liveLogs.counts.viewers, { timeout: 20_000 }).toBe(1);
  await log.print('line 1000', 'line 1001');
  await log.end();
  expect(await running).toEqual(Array.from({ length: 202 }, (_, index) => `line ${800 + index}`));
});

test('the command runs where the package is installed', async () => {
  const command = `${consumer}/node_modules/trainyard/bin/trainyard.js`;
  const { stdout } = await run(process.execPath, [command, '--help']);
  expect(stdout).toContain('trainyard');
});

test("types are generated for a front end's own operations", async () => {
  const operation =
    'query LastLine($id: ID!) { job(id: $id) { status logs(offset: -1) { lines } } }';
  await mkdir(`${consumer}/src`);
  await writeFile(`${consumer}/src/app.ts`, `const lastLine = graphql(\`${operation}\`);`);
  await run(`${root}node_modules/.bin/graphql-codegen`, [], { cwd: consumer });
  const types = await readFile(`${consumer}/src/graphql/graphql.ts`, 'utf8');
  expect(types).toContain(
    '{ job: { status: JobStatus, logs: { lines: Array<string> } | null } | null }',
  );
});

test('what front ends imported before the client was a package is the same', async () => {
  const from = (name: string) => import(import.meta.resolve(name, `file://${consumer}/x.ts`));
  for (const name of ['client', 'apollo', 'urql']) {
    const packaged = `@trainyard/client${name === 'client' ? '' : `/${name}`}`;
    expect(await from(`trainyard/${name}`)).toEqual(await from(packaged));
  }
});

test('the schema and the operations can be found by name', async () => {
  for (const name of [
    'trainyard/schema.graphql',
    'trainyard/operations/logs.graphql',
    '@trainyard/client/schema.graphql',
  ]) {
    const file = fileURLToPath(import.meta.resolve(name, `file://${consumer}/x.ts`));
    expect(await readFile(file, 'utf8')).toContain('LogPage');
  }
});

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(`${entry.parentPath}/${entry.name}`)).size;
  }
  return bytes;
}

describe('the training server alone', () => {
  let box: string;

  // A machine that installs it and nothing else, without asking any registry: it has a Node that is new enough.
  beforeAll(async () => {
    box = opened.use(await openFolder()).path;
    const archive = `${consumer}/${archiveOf('@trainyard/trainer')}`;
    await writeFile(`${box}/package.json`, '{}');
    const flags = ['--offline', '--no-audit', '--omit=optional'];
    await run('npm', ['install', ...flags, archive], { cwd: box });
  }, 60_000);

  test('it installs alone, in less than a megabyte', async () => {
    const installed = await readdir(`${box}/node_modules`);
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['@trainyard']);
    expect(await bytesIn(`${box}/node_modules/@trainyard/trainer`)).toBeLessThan(1_000_000);
  });

  test('one command starts it, and it trains', async () => {
    await using server = await startServer({
      cli: `${box}/node_modules/.bin/trainyard-trainer`,
      command: '--listen',
      env: { TRAINER_HOST: '127.0.0.1', TRAINYARD_DATA_DIR: box },
    });
    const key = (await readFile(`${box}/trainer/api-key`, 'utf8')).trim();
    const provider = { name: 'box', url: server.url, apiKey: key, recipes: null };
    const open = async () => openLocalProvider(provider);
    await using app = await openTestApp({
      embeddedTrainer: null,
      providers: [{ name: 'box', open }],
    });
    const config = { steps: 5 };
    const id = await deploy(app.url, { provider: 'box', recipe: 'tiny-lm', config });
    const query = 'subscription ($id: ID!) { jobUpdated(id: $id) { status } }';
    let status = '';
    for await (const { data } of serverSentEvents(app.url, query, { id })) {
      status = data.jobUpdated.status;
    }
    expect(status).toBe('COMPLETED');
    const { data } = await graphql(
      app.url,
      'query ($id: ID!) { job(id: $id) { outputs { path } } }',
      { id },
    );
    expect(data.job.outputs).toContainEqual({ path: 'checkpoint-5/model.bin' });
  });

  test('it says what it can, and refuses what it cannot', async () => {
    const command = `${box}/node_modules/.bin/trainyard-trainer`;
    const { stdout } = await run(process.execPath, [command, '--help']);
    expect(stdout).toMatch(/^Usage: trainyard-trainer \[--listen \| --install\]$/m);
    expect((await run(process.execPath, [command, '--version'])).stdout).toBe('0.1.0\n');
    await expect(run(process.execPath, [command, '--lisen'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^trainyard-trainer: Unknown option '--lisen'/),
    });
  });
});

describe('the client alone', () => {
  let frontEnd: string;

  // A front end that installs it and nothing else, without asking any registry.
  beforeAll(async () => {
    frontEnd = opened.use(await openFolder()).path;
    const archive = `${consumer}/${archiveOf('@trainyard/client')}`;
    await writeFile(`${frontEnd}/package.json`, '{ "type": "module" }');
    await run('npm', ['install', '--offline', '--no-audit', archive], { cwd: frontEnd });
  }, 60_000);

  test('it installs alone, in less than 100 kB', async () => {
    const installed = await readdir(`${frontEnd}/node_modules`);
    expect(installed.filter((name) => !name.startsWith('.'))).toEqual(['@trainyard']);
    expect(await bytesIn(`${frontEnd}/node_modules/@trainyard/client`)).toBeLessThan(100_000);
  });

  test('following a log takes less than 12 kB of a page, compressed', async () => {
    const entry = `${frontEnd}/page.js`;
    await writeFile(
      entry,
      `import { createSocket, followLog } from '@trainyard/client';
       export const follow = (url, jobId) => followLog({ client: createSocket({ url }), jobId });`,
    );
    const bundle = await rolldown({ input: entry, platform: 'browser', cwd: frontEnd });
    const { output } = await bundle.generate({ minify: true });
    const code = output.map((file) => (file.type === 'chunk' ? file.code : '')).join('');
    await bundle.close();
    expect(code).toContain('logStream');
    expect(gzipSync(code).length).toBeLessThan(12_000);
  });

  test('a log is followed to its end by the client alone', async () => {
    await using server = await openTestServer();
    const log = await server.openLog();
    await log.print('first', 'second');
    await log.end();
    await writeFile(
      `${frontEnd}/follow.js`,
      `import { createSocket, followLog } from '@trainyard/client';
       const [url, jobId] = process.argv.slice(2);
       const socket = createSocket({ url: url.replace('http', 'ws') + '/graphql' });
       for await (const page of followLog({ client: socket, jobId })) console.log(...page.lines);
       await socket.dispose();`,
    );
    const args = ['follow.js', server.url, log.job.id];
    const { stdout } = await run(process.execPath, args, { cwd: frontEnd });
    expect(stdout).toBe('first second\n');
  });

  test('the documents in the package are those of the sources', async () => {
    const sources: Record<string, unknown> = await import('@trainyard/client');
    const packaged = await import(`${frontEnd}/node_modules/@trainyard/client/index.js`);
    const names = Object.keys(sources).filter((name) => /Doc(ument)?$/.test(name));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(packaged[name]).toEqual(sources[name]);
  });
});
