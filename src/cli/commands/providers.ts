import { type ProviderHealthStatus, ProvidersDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import { renderTable } from '../screen/table.ts';
import { visibleJson } from '../screen/visible.ts';

const styles = {
  UP: 'green',
  DEGRADED: 'yellow',
  DOWN: 'red',
} as const satisfies Record<ProviderHealthStatus, string>;

/** Prints the providers where jobs run, with their health and their recipes. */
export async function providers(
  { api, screen }: CommandContext,
  { output }: { output: 'text' | 'json' },
): Promise<void> {
  const { providers: all } = await api.ask(ProvidersDocument, {});
  if (output === 'json') return screen.print(all.map(visibleJson).join('\n'));
  const rows = all.map(({ name, kind, health, recipes }) => [
    { text: name },
    { text: kind },
    { text: health.status, style: styles[health.status] },
    { text: health.latencyMs === null ? '' : `${health.latencyMs} ms` },
    { text: recipes.join(' ') },
    { text: health.message ?? '' },
  ]);
  await screen.print(
    renderTable(screen, ['NAME', 'KIND', 'HEALTH', 'ANSWERS IN', 'RECIPES', 'MESSAGE'], rows),
  );
}
