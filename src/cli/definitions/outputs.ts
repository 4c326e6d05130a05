import { Argument, type Command } from 'commander';
import type { GetOptions } from '../commands/get-output.ts';
import type { Run } from '../context.ts';
import { CommandError, exitCode } from '../exit.ts';
import { jobArgument } from './arguments.ts';
import { outputOption } from './output.ts';

/** Defines `outputs`, which lists what a job has made and fetches it. */
export function defineOutputs(program: Command, run: Run): void {
  program
    .command('outputs')
    .description('Lists the files that a job has made, or gets one of them.')
    .argument('<id>', jobArgument)
    .addArgument(new Argument('[get]', 'get fetches the file PATH').choices(['get']))
    .argument('[path]', 'a path of the list')
    .option('--to <path>', "get: the file or folder here (default: the file's own name)")
    .option('--force', 'get: replace a file that is here already')
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
A download that was stopped goes on where it was when it is started again, and is checked at its end.

Examples:
  trainyard outputs ID
  trainyard outputs last get checkpoints/model.bin
  trainyard outputs ID get model.bin --to models/
  trainyard outputs ID -o json | jq -r .path`,
    )
    .action(
      (
        id: string,
        get: 'get' | undefined,
        path: string | undefined,
        { output, ...options }: GetOptions & { output: 'text' | 'json' },
      ) =>
        run(async (context) => {
          if (get === undefined) {
            return (await import('../commands/outputs.ts')).outputs(context, id, { output });
          }
          if (path === undefined) throw new CommandError(exitCode.usage, 'Name the file to get.');
          const { getOutput } = await import('../commands/get-output.ts');
          return getOutput(context, id, path, options);
        }),
    );
}
