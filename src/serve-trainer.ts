import { hostname } from 'node:os';
import { readTrainerConfig } from './config/config.ts';
import { openConsoleLogger } from './console-logger.ts';
import { runUntilStopped } from './lib/system/run.ts';
import { openTrainer } from './trainer/trainer.ts';

/** Starts a training server of its own, and stops it on SIGTERM or SIGINT; its jobs run on. */
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

/** The address as another machine knows it, where it is every address of this one. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}
