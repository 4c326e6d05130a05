import type { ProviderDefinition } from '../core/provider-kind.ts';
import { local } from './local/definition.ts';
import { runpod } from './runpod/definition.ts';

/**
 * Every kind of provider. A new kind is a folder here and a line below: configuration, graph, command line
 * and server read all that they know of kinds from this list.
 */
export const providerDefinitions: readonly ProviderDefinition[] = [local, runpod];
