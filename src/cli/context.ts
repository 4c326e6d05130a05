import type { Screen } from './screen/screen.ts';
import type { Api } from './server/api.ts';

/** What every command works with. */
export interface CommandContext {
  api: Api;
  screen: Screen;
  /** The caller's variables, for `deploy --env NAME`. */
  environment: NodeJS.ProcessEnv;
}

/** Runs one command's work; what it resolves to is the exit code. Work is imported when it is called for. */
export type Run = (
  work: (context: CommandContext) => Promise<number> | Promise<void>,
) => Promise<void>;
