import { announce } from '../announce.ts';
import { readTrainerConfig } from '../config/config.ts';
import { openConsoleLogger } from '../console-logger.ts';
import { runUntilStopped } from '../lib/system/run.ts';
import { openTrainer } from '../trainer/trainer.ts';
import { keepKey } from './key-file.ts';
import { lineToPaste, otherAddresses } from './paste.ts';

/**
 * Runs a training server alone until SIGTERM or SIGINT. Its jobs keep running then. With `listen` other machines can
 * use it, by TRAINER_API_KEY or else by a key that is made at the first start and kept.
 */
export async function serveTrainer({ listen = false } = {}): Promise<void> {
  await runUntilStopped(async () => {
    const { logLevel, configFile, ...config } = readTrainerConfig(process.env, { listen });
    const logger = await openConsoleLogger({ name: 'trainer', level: logLevel });
    const kept = listen && config.apiKey === null ? keepKey(config.dataDir) : null;
    const apiKey = kept?.key ?? config.apiKey;
    const trainer = await openTrainer({ ...config, apiKey, logger });
    const recipes = Object.keys(config.recipes);
    announce({
      name: 'trainer',
      message: 'The training server is ready',
      facts: { url: trainer.url, dataDir: config.dataDir, recipes, keyFile: kept?.file },
      text: welcome({ ...config, url: trainer.url, apiKey, recipes, configFile, listen }),
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

function welcome(server: {
  url: string;
  apiKey: string | null;
  recipes: readonly string[];
  configFile: string;
  dataDir: string;
  listen: boolean;
}): string {
  const { url, apiKey, recipes, configFile, dataDir, listen } = server;
  const closed = listen
    ? '  TRAINER_HOST keeps it to this machine.'
    : '  For other machines, start this with --listen.';
  const addresses = otherAddresses(url);
  return [
    `  The training server is ready at ${url}`,
    `  Data       ${dataDir}`,
    `  Recipes    ${recipes.join(', ')}`,
    `             They live on this machine, in ${configFile}, which is read at the start.`,
    '',
    '  Where Trainyard runs, paste:',
    `    ${lineToPaste({ url, key: apiKey })}`,
    addresses === null
      ? closed
      : `  Where the name is not known, use an address of this machine: ${addresses}.`,
  ].join('\n');
}

function sayGoingOn({ running, queued }: { running: number; queued: number }): void {
  const message = `The jobs go on without it (${running} running, ${queued} queued); the next start takes them up.`;
  announce({ name: 'trainer', message, facts: { running, queued }, text: `  ${message}` });
}
