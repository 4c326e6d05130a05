import type { Api } from './api.ts';
import type { Screen } from './screen.ts';

/** What every command works with. */
export interface CommandContext {
  api: Api;
  screen: Screen;
  /** The caller's variables, for `deploy --env NAME`. */
  environment: NodeJS.ProcessEnv;
}
