import { hostname } from 'node:os';
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
    console.log(
      [
        '',
        `  The training server is ready at ${trainer.url}`,
        `  Data       ${config.dataDir}`,
        `  Recipes    ${Object.keys(config.recipes).join(', ')}`,
        '',
        `  Use it: TRAINING_SERVER_URL=${reachable(trainer.url)}${config.apiKey ? ' TRAINING_SERVER_API_KEY=…' : ''} npm start`,
        '',
      ].join('\n'),
    );
    return trainer;
  });
}

/** The server's address, with this machine's name in place of "all interfaces", so that other machines can use it. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}
