import { ProvidersDocument } from '@trainyard/client';
import { useQuery } from '../graph/use.ts';

/** Chooses one provider or all; nothing where there is no choice. */
export function ProviderChoice(props: { name: string; change: (name: string) => void }) {
  const { data } = useQuery(ProvidersDocument, {});
  const names = data?.providers.map(({ name }) => name) ?? [];
  if (names.length < 2 && !props.name) return null;
  return (
    <select
      aria-label="Provider"
      value={props.name}
      onChange={(event) => props.change(event.target.value)}
    >
      <option value="">All providers</option>
      {[...new Set([...names, props.name].filter(Boolean))].map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}
