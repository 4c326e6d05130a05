import { flushCompileCache } from 'node:module';
import { announce } from './announce.ts';
import { openApp } from './app.ts';
import { type Config, readConfig } from './config/config.ts';
import { builtInName } from './config/providers.ts';
import { openConsoleLogger } from './console-logger.ts';
import { runUntilStopped } from './lib/system/run.ts';
import { keepHeapSmall } from './lib/system/small-heap.ts';

/** Runs the server until SIGTERM or SIGINT, with the settings of the environment. */
export async function serve(): Promise<void> {
  keepHeapSmall();
  await runUntilStopped(async () => {
    const config = readConfig(process.env);
    const logger = await openConsoleLogger({ name: 'trainyard', level: config.logLevel });
    const app = await openApp(config, logger);
    announce({
      name: 'trainyard',
      message: 'Trainyard is ready',
      facts: { url: app.url, dataDir: config.dataDir, providers: app.providers },
      text: welcome(app.url, app.providers, config),
    });
    // This is done now and not at the end, so that the next start is fast even after this process was killed.
    flushCompileCache();
    return {
      async close() {
        const { unfinished } = app;
        await app.close();
        if (unfinished > 0) sayGoingOn(unfinished);
      },
    };
  });
}

function sayGoingOn(jobs: number): void {
  const them = jobs === 1 ? '1 job goes on' : `${jobs} jobs go on`;
  const message = `${them} without Trainyard. When it starts again, no line will be missing.`;
  announce({ name: 'trainyard', message, facts: { jobs }, text: `  ${message}` });
}

function welcome(url: string, providers: readonly string[], config: Config): string {
  return [
    `  Trainyard is ready in ${Math.round(performance.now())} ms`,
    '',
    `  Console    ${url}   (open it in a browser)`,
    `  API        ${url}/graphql   (HTTP, server-sent events and graphql-ws; in a browser, GraphiQL)`,
    `  Data       ${config.dataDir}`,
    `  Providers  ${providers.join(', ')}${config.embeddedTrainer ? `   (${builtInName}: this machine, with the built-in training server)` : ''}`,
  ].join('\n');
}
