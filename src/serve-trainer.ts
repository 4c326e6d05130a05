import { hostname } from 'node:os';
import { announce } from './announce.ts';
import { readTrainerConfig } from './config/config.ts';
import { openConsoleLogger } from './console-logger.ts';
import { runUntilStopped } from './lib/system/run.ts';
import { openTrainer } from './trainer/trainer.ts';

/** Runs a training server alone until SIGTERM or SIGINT. Its jobs keep running then. */
export async function serveTrainer(): Promise<void> {
  await runUntilStopped(async () => {
    const { logLevel, ...config } = readTrainerConfig(process.env);
    const logger = await openConsoleLogger({ name: 'trainer', level: logLevel });
    const trainer = await openTrainer({ ...config, logger });
    announce({
      name: 'trainer',
      message: 'The training server is ready',
      facts: { url: trainer.url, dataDir: config.dataDir, recipes: Object.keys(config.recipes) },
      text: [
        `  The training server is ready at ${trainer.url}`,
        `  Data       ${config.dataDir}`,
        `  Recipes    ${Object.keys(config.recipes).join(', ')}`,
        '',
        `  Use it: TRAINING_SERVER_URL=${reachable(trainer.url)}${config.apiKey ? ' TRAINING_SERVER_API_KEY=…' : ''} npm start`,
      ].join('\n'),
    });
    return {
      async close() {
        const { load } = trainer;
        await trainer.close();
        if (load.running + load.queued > 0) sayGoingOn(load);
      },
    };
  });
}

function sayGoingOn({ running, queued }: { running: number; queued: number }): void {
  const message = `The jobs go on without it (${running} running, ${queued} queued); the next start takes them up.`;
  announce({ name: 'trainer', message, facts: { running, queued }, text: `  ${message}` });
}

/** The server's address, with this machine's name in place of "all interfaces", so that other machines can use it. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}
