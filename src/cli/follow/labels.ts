import type { JobFragment } from '@trainyard/client';
import type { Screen } from '../screen/screen.ts';
import { visible } from '../screen/visible.ts';

/** What stands before each line of a job, where several are shown. */
export interface Label {
  jobId: string;
  name: string;
  /** With its colour, and as wide as the others. */
  prefix: string;
  /** The width of the prefix on the screen, in characters. */
  width: number;
}

/** The longest name that is shown whole, in characters. */
const maxName = 24;
/** None is red or yellow, which are for errors and warnings. */
const colours = ['cyan', 'green', 'magenta', 'blue', 'cyanBright', 'greenBright'] as const;

/** A label for each job, in their order: its name or, where several have that, its id. */
export function labelsOf(screen: Screen, jobs: readonly JobFragment[]): Label[] {
  const names = jobs.map(({ id, name }) => {
    const isShared = jobs.some((other) => other.id !== id && other.name === name);
    const shown = visible(isShared ? id : name, { colours: false });
    return shown.length > maxName ? `${shown.slice(0, maxName - 1)}…` : shown;
  });
  const widest = Math.max(...names.map((name) => name.length));
  return jobs.map(({ id }, at) => {
    const name = names[at] ?? id;
    const prefix = screen.paint(colours[at % colours.length] ?? 'cyan', `${name.padEnd(widest)} │`);
    return { jobId: id, name, prefix: `${prefix} `, width: widest + 3 };
  });
}
