import { Command } from 'commander';
import { readClientSettings } from '../config/client.ts';
import { projectVersion } from '../lib/system/project.ts';
import type { Run } from './context.ts';
import { defineCompletion } from './definitions/completion.ts';
import { defineDeploy } from './definitions/deploy.ts';
import { defineJobs } from './definitions/jobs.ts';
import { defineLogs } from './definitions/logs.ts';
import { defineOutputs } from './definitions/outputs.ts';
import { defineSearch } from './definitions/search.ts';
import { defineServers } from './definitions/servers.ts';
import { exitCode } from './exit.ts';
import { shellWord } from './invocation.ts';
import type { Screen } from './screen/screen.ts';
import { Api } from './server/api.ts';

const examples = `
Examples:
  trainyard serve                                    start a server on this machine
  trainyard deploy --model tiny --config epochs=3    start a job; prints its id
  trainyard logs ID -f                               follow its log until it is over
  trainyard jobs --status running                    what runs now

Environment:
  TRAINYARD_URL    the server (default: http://127.0.0.1:4000)
  TRAINYARD_TOKEN  its token, if it needs one; other users of this machine can see one given by --token
  NO_COLOR, FORCE_COLOR

Exit codes:
  0   done; with --follow: the job COMPLETED
  1   with --follow: the job FAILED; of check: something is damaged
  2   wrong use
  3   with --follow: the job was CANCELLED
  4   with --follow: the job is LOST
  5   the server refused; its code and reason are on stderr
  69  the server cannot be reached
  130 Ctrl-C, which stops following and never stops the job`;

/** Creates the command line `trainyard`. Its `run` parses arguments, runs the command and resolves to the exit code. */
export function createProgram(options: {
  screen: Screen;
  environment: NodeJS.ProcessEnv;
  /** The words that start this program, for hints. */
  invocation?: string;
}): {
  command: Command;
  run(args: readonly string[]): Promise<number>;
} {
  const { screen, environment, invocation = 'trainyard' } = options;
  let code: number = exitCode.ok;
  const program = new Command('trainyard')
    .description('Training jobs and their logs, wherever they run.')
    .version(projectVersion(), '-V, --version')
    .option('--url <url>', 'the server; else TRAINYARD_URL')
    .option('--token <token>', 'its token; else TRAINYARD_TOKEN')
    .addHelpText('after', examples)
    .showHelpAfterError(`See \`${invocation} --help\`.`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.write(text, 'stdout'),
      writeErr: (text) => screen.write(text, 'stderr'),
      outputError: (text, write) => write(text.replace(/^error:/, 'trainyard:')),
    });
  const run: Run = async (work) => {
    const { url } = program.opts();
    // `serve` starts a server, so it has none to be told of.
    const hint = (words: string) =>
      [invocation, ...(url && words !== 'serve' ? ['--url', shellWord(url)] : []), words].join(' ');
    const api = new Api(readClientSettings(program.opts(), environment), hint);
    const result = await work({ api, screen, environment });
    code = typeof result === 'number' ? result : exitCode.ok;
  };
  defineDeploy(program, run);
  defineLogs(program, run);
  defineJobs(program, run);
  defineSearch(program, run);
  defineOutputs(program, run);
  defineServers(program, run);
  defineCompletion(program, run);
  return {
    command: program,
    async run(args) {
      await program.parseAsync(args, { from: 'user' });
      return code;
    },
  };
}
