import { build } from '../../build.ts';

/** The programs that tests start are the built ones, as most users' are: they start in half the time. */
export const setup = build;
