import { Argument, type Command } from 'commander';
import { type Shell, shells } from '../completion/scripts.ts';
import type { Run } from '../context.ts';
import { exitCode } from '../exit.ts';

/** Defines `completion`, and the hidden command that its scripts call. */
export function defineCompletion(program: Command, run: Run): void {
  program
    .command('completion')
    .description('Prints the script that lets a shell complete commands, options and job ids.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
Examples (trainyard must be on the PATH):
  echo 'eval "$(trainyard completion bash)"' >> ~/.bashrc
  echo 'eval "$(trainyard completion zsh)"' >> ~/.zshrc
  trainyard completion fish > ~/.config/fish/completions/trainyard.fish`,
    )
    .action((shell: Shell) =>
      run(async ({ screen }) => {
        const { completionScript } = await import('../completion/scripts.ts');
        await screen.print(completionScript(shell));
      }),
    );

  // The scripts call this at each press of Tab. It hides all errors, because they would appear in the prompt.
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) =>
      run(async ({ api, screen }) => {
        const { candidates } = await import('../completion/candidates.ts');
        const found = await candidates({ program, api, words }).catch(() => []);
        if (found.length > 0) await screen.print(found.join('\n'));
        return exitCode.ok;
      }),
    );
}
