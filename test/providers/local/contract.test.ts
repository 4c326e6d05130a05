import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isOver } from '../../../src/core/job.ts';
import type { Provider } from '../../../src/core/provider.ts';
import { openLocalProvider } from '../../../src/providers/local/provider.ts';
import { openTrainer } from '../../../src/trainer/trainer.ts';
import type { DialectServer } from '../../support/dialects/http.ts';
import { openObedientJobs } from '../../support/dialects/obedient-jobs.ts';
import { openQueueingServer } from '../../support/dialects/queueing-server.ts';
import type { ScriptedJob } from '../../support/dialects/script.ts';
import { dialectDefaults } from '../../support/dialects/script.ts';
import { openSmallAgent } from '../../support/dialects/small-agent.ts';
import { providerContract, type Yard } from '../contract.ts';
import { refOf } from '../follow.ts';

const apiKey = 'key';

providerContract('a queueing server', async () => yardOf(await openQueueingServer({ apiKey })));
providerContract('a small agent', async () => yardOf(await openSmallAgent({ apiKey })));
providerContract("Trainyard's own training server", openTrainerYard);

function open(url: string) {
  return openLocalProvider({
    name: 'box',
    url,
    apiKey,
    recipes: null,
    defaultsOf: () => dialectDefaults,
  });
}

function yardOf(dialect: { server: DialectServer; jobs: Map<string, ScriptedJob> }): Yard {
  const { server, jobs } = dialect;
  const provider = open(server.url);
  return {
    provider,
    async process(jobId) {
      const job = jobs.get(jobId);
      if (job === undefined) throw new Error(`job ${jobId} was not started`);
      return {
        print: (lines) => job.emit(lines),
        end: (how) => {
          if (how === 'well') job.finish('completed', { exitCode: 0 });
          else job.finish('failed', { error: 'Process exited with code 3', exitCode: 3 });
        },
      };
    },
    async close() {
      await provider.close();
      await server.close();
    },
  };
}

async function openTrainerYard(): Promise<Yard> {
  await using opening = new AsyncDisposableStack();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'trainyard-contract-'));
  opening.defer(() => rm(dataDir, { recursive: true }));
  const jobs = await openObedientJobs();
  const trainer = await openTrainer({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    apiKey,
    concurrency: 2,
    recipes: { default: { command: jobs.command } },
    recipeBase: dataDir,
    baseEnv: process.env,
    logger: { info() {}, warn() {}, error() {} },
  });
  opening.defer(() => trainer.close());
  const provider = open(trainer.url);
  opening.defer(() => provider.close());
  const started = new Set<string>();
  opening.defer(() => allOver(provider, started));
  opening.defer(() => jobs.close());
  const opened = opening.move();
  return {
    provider,
    async process(jobId) {
      started.add(jobId);
      const order = await jobs.job(jobId);
      return {
        print: (lines) => order({ print: lines }),
        end: (how) => order({ exit: how === 'well' ? 0 : 3 }),
      };
    },
    close: () => opened.disposeAsync(),
  };
}

/** Jobs outlive their server; a test's must not outlive the test. */
async function allOver(provider: Provider, ids: ReadonlySet<string>): Promise<void> {
  const left = new Set(ids);
  while (left.size > 0) {
    const refs = [...left].map(refOf);
    for await (const report of provider.status(refs, new AbortController().signal)) {
      if ('error' in report) throw report.error;
      if (report.state.status !== null && isOver(report.state.status)) left.delete(report.jobId);
    }
  }
}
