import { ProvidersDocument, type ProvidersQuery } from '@trainyard/client';
import { useEffect } from 'react';
import { Link } from 'wouter';
import { useQuery } from './graph/use.ts';
import { Ago } from './parts/ago.tsx';
import { count } from './parts/format.ts';
import { Problem } from './parts/problem.tsx';
import { useTitle } from './parts/title.ts';

/** How often the providers are asked about again while somebody looks, in milliseconds; the server asks them as often. */
const everyMs = 5_000;

/** Where jobs run, and whether they can. */
export function ProvidersPage() {
  useTitle('Providers');
  const { data, error, again } = useQuery(ProvidersDocument, {});
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again(), everyMs);
    return () => clearInterval(timer);
  }, [again]);
  return (
    <div className="page providers">
      <h1>Providers</h1>
      {error && <Problem error={error} again={again} />}
      {data?.providers.map((provider) => (
        <Provider key={provider.name} provider={provider} />
      ))}
    </div>
  );
}

const words = {
  UP: ['Up', 'good'],
  DEGRADED: ['Not well', 'warn'],
  DOWN: ['Down', 'bad'],
} as const;

function Provider({ provider }: { provider: ProvidersQuery['providers'][number] }) {
  const { name, kind, health, recipeList } = provider;
  const [word, tone] = words[health.status];
  return (
    <section className="card" aria-label={name}>
      <div className="job-title">
        <h2>{name}</h2>
        <span className={`status ${tone}`}>{word}</span>
        <span className="muted">{kind === 'LOCAL' ? 'training server' : 'RunPod'}</span>
        <span className="muted">
          {health.latencyMs !== null && `answered in ${count(health.latencyMs)} ms, `}
          <Ago time={health.checkedAt} />
        </span>
        <Link className="actions" href={`/?provider=${encodeURIComponent(name)}`}>
          Its jobs
        </Link>
      </div>
      {health.message && <p className={tone === 'bad' ? 'wrong' : ''}>{health.message}</p>}
      <dl className="recipes">
        {recipeList.map((recipe) => (
          <div key={recipe.name}>
            <dt className="mono">{recipe.name}</dt>
            <dd className="muted">{recipe.description}</dd>
          </div>
        ))}
      </dl>
      {recipeList.length === 0 && (
        <p className="muted">It has not said yet which recipes it has.</p>
      )}
    </section>
  );
}
