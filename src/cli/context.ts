import type { Screen } from './screen/screen.ts';
import type { Api } from './server/api.ts';

/** What every command gets. */
export interface CommandContext {
  api: Api;
  screen: Screen;
  /** The caller's variables, for `deploy --env NAME`. */
  environment: NodeJS.ProcessEnv;
}

/** Runs the work of a command. It resolves to the exit code, or to nothing for success. */
export type Run = (
  work: (context: CommandContext) => Promise<number> | Promise<void>,
) => Promise<void>;
