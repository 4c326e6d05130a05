import { openLocalProvider } from '../../src/providers/local/provider.ts';
import type { DialectServer } from '../support/dialects/http.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import type { ScriptedJob } from '../support/dialects/script.ts';
import { openSmallAgent } from '../support/dialects/small-agent.ts';
import { providerContract, type Yard } from './contract.ts';

providerContract('a queueing server', async () =>
  yardOf(await openQueueingServer({ apiKey: 'key' })),
);
providerContract('a small agent', async () => yardOf(await openSmallAgent({ apiKey: 'key' })));

function yardOf(dialect: { server: DialectServer; jobs: Map<string, ScriptedJob> }): Yard {
  const { server, jobs } = dialect;
  const provider = openLocalProvider({
    name: 'box',
    url: server.url,
    apiKey: 'key',
    recipes: null,
  });
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
