import { type JobFragment, JobsDocument, ProvidersDocument } from '@trainyard/client';
import type { Command, Option } from 'commander';
import { visible } from '../screen/visible.ts';
import type { Api } from '../server/api.ts';

/** How long the server may take to answer, because the prompt waits for it. */
const answerMs = 1000;
/** The most job ids that are offered; these are the newest. */
const offeredJobs = 50;

interface Candidate {
  word: string;
  meaning: string;
}

/**
 * The completions of the last of `words`, which are the words after `trainyard` up to the cursor. Each is a line with
 * the word, a tab and its meaning. There are none where a file name is expected.
 */
export async function candidates(options: {
  program: Command;
  api: Api;
  words: readonly string[];
}): Promise<string[]> {
  const { program, api } = options;
  // bash splits --option=value into three words, one of which is the =.
  const words = options.words.filter((word, at) => word !== '=' || at === options.words.length - 1);
  const current = words.at(-1)?.replace(/^=$/, '') ?? '';
  const { command, pending, operands } = walk(program, words.slice(0, -1));
  const found = pending
    ? await valuesOf(api, pending)
    : current.startsWith('-')
      ? optionsOf(program, command)
      : await operandsOf(api, { program, command, operands });
  return found
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, meaning }) => `${plain(word)}\t${plain(meaning)}`);
}

/** Finds the command in which the cursor stands, the option that waits for a value, and the count of operands. */
function walk(program: Command, words: readonly string[]) {
  let command = program;
  let pending: Option | null = null;
  let operands = 0;
  for (const word of words) {
    if (pending) pending = null;
    else if (word.startsWith('-')) pending = waiting([program, command], word);
    else if (command === program) command = subcommand(program, word) ?? program;
    else operands += 1;
  }
  return { command, pending, operands };
}

function waiting(commands: readonly Command[], word: string): Option | null {
  const option = commands
    .flatMap(({ options }) => options)
    .find(({ short, long }) => short === word || long === word);
  return option?.required ? option : null;
}

function subcommand(program: Command, word: string): Command | undefined {
  return program.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

async function valuesOf(api: Api, option: Option): Promise<Candidate[]> {
  if (option.argChoices) return option.argChoices.map((word) => ({ word, meaning: '' }));
  const name = option.attributeName();
  if (name !== 'provider' && name !== 'recipe') return [];
  const { providers } = await api.ask(ProvidersDocument, {}, AbortSignal.timeout(answerMs));
  if (name === 'provider')
    return providers.map(({ name: word, kind }) => ({ word, meaning: kind }));
  const recipes = new Set(providers.flatMap((provider) => provider.recipes));
  return [...recipes].map((word) => ({ word, meaning: '' }));
}

function optionsOf(program: Command, command: Command): Candidate[] {
  const help = { word: '--help', meaning: 'display help for command' };
  const all = [...new Set([...command.options, ...program.options])].map((option) => ({
    word: option.long ?? option.flags,
    meaning: option.description,
  }));
  return [...all, help];
}

async function operandsOf(
  api: Api,
  { program, command, operands }: { program: Command; command: Command; operands: number },
): Promise<Candidate[]> {
  if (command === program) {
    return program.commands
      .filter((each) => !each.name().startsWith('_'))
      .map((each) => ({ word: each.name(), meaning: each.summary() || each.description() }));
  }
  const argument =
    command.registeredArguments[operands] ??
    command.registeredArguments.findLast(({ variadic }) => variadic);
  if (argument?.argChoices) return argument.argChoices.map((word) => ({ word, meaning: '' }));
  if (argument?.name() !== 'id') return [];
  const { jobs } = await api.ask(
    JobsDocument,
    { first: offeredJobs },
    AbortSignal.timeout(answerMs),
  );
  return jobWords((jobs?.edges ?? []).map(({ node }) => node));
}

/** The ids, `last`, and the names that only one of these jobs has and that are one word of a shell. */
function jobWords(jobs: readonly JobFragment[]): Candidate[] {
  const meaningOf = ({ status, name }: JobFragment) => `${status} ${name}`;
  const ids = jobs.map((job) => ({ word: job.id, meaning: meaningOf(job) }));
  const [newest] = jobs;
  const last = newest ? [{ word: 'last', meaning: `the newest: ${meaningOf(newest)}` }] : [];
  const named = Map.groupBy(jobs, ({ name }) => name)
    .values()
    .flatMap(([job, ...others]) =>
      job && others.length === 0 && /^[\w.-]+$/.test(job.name)
        ? [{ word: job.name, meaning: `${job.status} ${job.id}` }]
        : [],
    );
  return [...ids, ...last, ...named];
}

/** Text without tabs, which separate, and without anything that controls a terminal. */
function plain(text: string): string {
  return visible(text.replaceAll('\t', ' '), { colours: false });
}
