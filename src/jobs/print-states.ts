import { readFile, writeFile } from 'node:fs/promises';
import { type EventName, eventMeanings, openStatuses, type Stage, states } from './states.ts';

// Writes docs/job-states.md; with --check, fails where the committed one is not what it would write.
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

Made by \`npm run states\` from the table in [src/jobs/states.ts](../src/jobs/states.ts), the only place that decides
what follows what.

\`\`\`mermaid
stateDiagram-v2
  [*] --> OPEN: deployJob
${arrows().join('\n')}
\`\`\`

While a job is OPEN, or a cancel is ASKED for, its \`status\` is the one that its provider tells:
${openStatuses.map((status) => `\`${status}\``).join(', ')}; QUEUED before it tells any. While it is CANCELLING it is
\`STOPPING\`. The four ends are statuses themselves, and nothing leads out of them.

| event | what happened |
|---|---|
${Object.entries(eventMeanings)
  .map(([name, meaning]) => `| \`${name}\` | ${meaning} |`)
  .join('\n')}
`;
}

/** One arrow for all events that lead from one stage to the same other; those that stay lead back. */
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
