import { readTrainerConfig } from './config/config.ts';
import { openConsoleLogger } from './console-logger.ts';
import { runUntilStopped } from './lib/run.ts';
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
        `  Use it from another machine: TRAINING_SERVER_URL=${trainer.url} npm start`,
        '',
      ].join('\n'),
    );
    return trainer;
  });
}
