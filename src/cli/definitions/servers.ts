import type { Command } from 'commander';
import type { Run } from '../context.ts';

/** Defines the commands that start servers, and `check`. */
export function defineServers(program: Command, run: Run): void {
  program
    .command('serve')
    .description('Starts a Trainyard server, as `npm start` does in a checkout.')
    .addHelpText(
      'after',
      `
Settings come from the environment (HOST, PORT, TRAINYARD_DATA_DIR, ...) and trainyard.config.json.

Examples:
  trainyard serve
  PORT=8080 TRAINYARD_DATA_DIR=/srv/trainyard trainyard serve`,
    )
    .action(async () => {
      const { serve } = await import('../../serve.ts');
      await serve();
    });

  program
    .command('check')
    .description('Reads every stored line and prints what is damaged; changes nothing.')
    .addHelpText(
      'after',
      `
It reads the store in TRAINYARD_DATA_DIR, also while a server runs. The exit code is 1 if something is damaged,
and 5 if there is no store to read.

Example:
  TRAINYARD_DATA_DIR=/srv/trainyard trainyard check`,
    )
    .action(() =>
      run(async ({ screen }) => {
        const { check } = await import('../../check.ts');
        return check(screen);
      }),
    );

  program
    .command('trainer')
    .description('Starts a training server alone, for a machine with GPUs.')
    .option('--listen', 'let other machines use it, by a key, and print what to paste there')
    .option('--install', 'write a systemd unit that starts it so, and print what to do next')
    .addHelpText(
      'after',
      `
Settings come from the environment (TRAINER_HOST, TRAINER_PORT, TRAINER_API_KEY, ...) and trainyard.config.json, whose
recipes are those that it runs. Without TRAINER_API_KEY, --listen makes a key and keeps it in its data folder.

Examples:
  trainyard trainer --listen
  trainyard trainer --install`,
    )
    .action(async ({ listen = false, install }: { listen?: boolean; install?: boolean }) => {
      if (!install) {
        const { serveTrainer } = await import('../../box/serve-trainer.ts');
        return serveTrainer({ listen });
      }
      const { installUnit } = await import('../../box/install.ts');
      const [, script = ''] = process.argv;
      const program = [script, 'trainer', '--listen'] as const;
      const next = installUnit({ program, environment: process.env, folder: process.cwd() });
      await run(({ screen }) => screen.print(next));
    });
}
