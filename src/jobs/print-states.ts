import { readFile, writeFile } from 'node:fs/promises';
import { type EventName, eventMeanings, openStatuses, type Stage, states } from './states.ts';

// Writes docs/job-states.md. With --check it writes nothing, and fails where the committed file is out of date.
const file = new URL('../../docs/job-states.md', import.meta.url);
const printed = page();

if (!process.argv.includes('--check')) {
  await writeFile(file, printed);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== printed) {
  console.error('docs/job-states.md is not what src/jobs/states.ts says: run `npm run states`.');
  process.exitCode = 1;
}

function page(): string {
  return `# The states of a job

\`npm run states\` makes this page from the table in [src/jobs/states.ts](../src/jobs/states.ts), which alone decides
how one state leads to another.

\`\`\`mermaid
stateDiagram-v2
  [*] --> OPEN: deployJob
${arrows().join('\n')}
\`\`\`

While a job is OPEN, or ASKED (its cancel was asked for and is not answered yet), its \`status\` is the one that its
provider reports: ${openStatuses.map((status) => `\`${status}\``).join(', ')}. It is \`QUEUED\` until the provider
reports one. While a job is CANCELLING, its \`status\` is \`STOPPING\`. The other four stages are final statuses.

| event | what happened |
|---|---|
${Object.entries(eventMeanings)
  .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
  .join('\n')}
`;
}

/** The diagram's arrows: one for each pair of stages, with all events that lead from the first to the second. */
function arrows(): string[] {
  return Object.entries(states).flatMap(([from, events]) => {
    const ways = new Map<Stage, EventName[]>();
    for (const name of names()) {
      const to = events[name];
      if (to !== undefined) ways.set(to, [...(ways.get(to) ?? []), name]);
    }
    if (ways.size === 0) return [`  ${from} --> [*]`];
    return [...ways].map(([to, reasons]) => `  ${from} --> ${to}: ${reasons.join(', ')}`);
  });
}

function names(): EventName[] {
  return Object.keys(eventMeanings).filter((name): name is EventName => name in eventMeanings);
}
