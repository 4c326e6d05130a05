import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

/** The checkout's own folder, or the installed package's, wherever in it this code was built to. */
export const projectDir = dirname(findPackageJSON('.', import.meta.url) ?? '');

/** True in an installed package, where Node runs no TypeScript. */
export const isInstalled = import.meta.url.includes('/node_modules/');
