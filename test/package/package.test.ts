import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../support/folder.ts';
import { openTestServer } from '../support/server.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const opened = new AsyncDisposableStack();
let consumer: string;
/** What the compiler has to say of the examples. */
let complaints: string;

// A project of somebody else's, with the package installed as npm would, and beside it all that npm would fetch.
beforeAll(async () => {
  consumer = opened.use(await openFolder()).path;
  const installed = `${consumer}/node_modules/trainyard`;
  await mkdir(installed, { recursive: true });
  await run('npm', ['run', 'package', '--', '--pack-destination', consumer], { cwd: root });
  const [archive = ''] = (await readdir(consumer)).filter((name) => name.endsWith('.tgz'));
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components=1'], { cwd: consumer });
  for (const name of await readdir(`${root}node_modules`)) {
    if (name.startsWith('.')) continue;
    await symlink(`${root}node_modules/${name}`, `${consumer}/node_modules/${name}`);
  }
  await cp(`${root}examples/clients`, consumer, { recursive: true });
  await cp(`${root}test/package/react-page.ts`, `${consumer}/react-page.ts`);
  await writeFile(`${consumer}/package.json`, '{ "type": "module" }');
  complaints = await compile();
}, 120_000);

afterAll(() => opened.disposeAsync());

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
    `import { followIntoCache } from 'trainyard/apollo';
     import { createSocket, followLog } from 'trainyard/client';
     import { mergePage } from 'trainyard/urql';
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
  expect(types).toContain('{ job: { status: JobStatus, logs: { lines: Array<string> } } | null }');
});

test('the schema and the operations can be found by name', async () => {
  for (const name of ['schema.graphql', 'operations/logs.graphql']) {
    const file = fileURLToPath(import.meta.resolve(`trainyard/${name}`, `file://${consumer}/x.ts`));
    expect(await readFile(file, 'utf8')).toContain('LogPage');
  }
});
