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
    .addHelpText(
      'after',
      `
Settings come from the environment (TRAINER_HOST, TRAINER_PORT, TRAINER_API_KEY, ...).

Example:
  TRAINER_HOST=0.0.0.0 TRAINER_API_KEY=secret trainyard trainer`,
    )
    .action(async () => {
      const { serveTrainer } = await import('../../serve-trainer.ts');
      await serveTrainer();
    });
}
