import type { Command } from 'commander';
import type { DeployFlags } from '../commands/deploy-input.ts';
import type { Run } from '../context.ts';
import { collect, jobArgument } from './arguments.ts';
import { kindFlags } from './kind-flags.ts';
import { outputOption } from './output.ts';

const examples = `
In KEY=VALUE, a VALUE that is JSON (3, true, [1,2]) is taken as JSON, and any other as text. A file holds the
fields of the API's DeployJobInput, as YAML or JSON; flags replace them:

  provider: local
  recipe: tiny-lm
  modelName: tiny
  config: { steps: 500 }

Examples:
  trainyard deploy --model tiny --config steps=500 --follow
  trainyard deploy --model tiny --config '{"steps": 500}' --config @more.yaml
  trainyard deploy job.yaml --name second-try
  trainyard deploy job.yaml --env HF_TOKEN --budget-usd 5 --max-hours 8
  ID=$(trainyard deploy job.yaml)

With --follow the exit code tells how the job ended: 0 COMPLETED, 1 FAILED, 3 CANCELLED, 4 LOST.`;

interface Following {
  follow?: boolean;
  output: 'text' | 'json';
}

const rerunExamples = `
All is as it was but what the flags say; --config replaces settings key by key. The values of environment variables
are not kept once a job has been accepted, so give them again: --env NAME takes the value that NAME has here.

Examples:
  trainyard rerun last --config lr=1e-5
  trainyard rerun ID --config steps=2000 --name longer --follow
  trainyard rerun ID --env HF_TOKEN --gpu-type 'NVIDIA A100 80GB PCIe'

With --follow the exit code tells how the job ended: 0 COMPLETED, 1 FAILED, 3 CANCELLED, 4 LOST.`;

/** Defines `deploy` and `rerun`, with the flags of every kind of provider. */
export function defineDeploy(program: Command, run: Run): void {
  const command = program
    .command('deploy')
    .summary('start a job; prints its id')
    .description('Starts a job, from flags or from a file, and prints its id.')
    .argument('[file]', 'YAML or JSON; - is stdin')
    .option('--provider <name>', 'where to run; required if the server has several providers')
    .option('--recipe <name>', 'what to run (default: default)')
    .option('--model <name>', 'the model to train')
    .option('--dataset <path>', 'the data set: its path on the machine that trains')
    .option('--name <name>', "the job's name, for people")
    .option(
      '--config <item>',
      "KEY=VALUE, JSON or @FILE: the recipe's settings; repeatable",
      collect,
    )
    .option('--idempotency-key <key>', 'the same key gives the same job, however often it is sent')
    .option('-f, --follow', 'print the log until the job is over')
    .addOption(outputOption());
  const ofKinds = kindFlags([...program.options, ...command.options].map(({ long }) => long ?? ''));
  for (const { title, option } of ofKinds) command.addOption(option.helpGroup(`${title}:`));
  command
    .addHelpText('after', examples)
    .action((file: string | undefined, { follow, output, ...flags }: DeployFlags & Following) =>
      run(async (context) => {
        const { deploy } = await import('../commands/deploy.ts');
        return deploy(context, file, { follow, output, flags, ofKinds });
      }),
    );

  const again = program
    .command('rerun')
    .summary('start a job once more, under changes; prints its id')
    .description('Starts a job once more, with what it was started with, and prints its id.')
    .argument('<id>', jobArgument)
    .option('--config <item>', 'KEY=VALUE, JSON or @FILE: settings to replace; repeatable', collect)
    .option('--name <name>', "the job's name, for people")
    .option('--model <name>', 'another model')
    .option('--dataset <path>', 'another data set')
    .option('--idempotency-key <key>', 'the same key gives the same job, however often it is sent')
    .option('-f, --follow', 'print the log until the job is over')
    .addOption(outputOption());
  for (const { title, option } of ofKinds) again.addOption(option.helpGroup(`${title}:`));
  again
    .addHelpText('after', rerunExamples)
    .action((id: string, { follow, output, ...flags }: DeployFlags & Following) =>
      run(async (context) => {
        const { rerun } = await import('../commands/rerun.ts');
        return rerun(context, id, { follow, output, flags, ofKinds });
      }),
    );
}
