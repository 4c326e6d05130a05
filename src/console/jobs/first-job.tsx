import { ProvidersDocument } from '@trainyard/client';
import { Link } from 'wouter';
import { useDeploy } from '../deploy/use-deploy.ts';
import { useQuery } from '../graph/use.ts';
import { Copyable } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { Problem } from '../parts/problem.tsx';

/** What somebody sees who has no jobs yet: the two shortest ways to one. */
export function FirstJob() {
  const { data, error, again } = useQuery(ProvidersDocument, {});
  const { deploy, isUnderWay, error: refused } = useDeploy();
  const place = data?.providers.find(
    ({ kind, recipes }) => kind === 'LOCAL' && recipes.includes('tiny-lm'),
  );
  const down = data?.providers.filter(({ health }) => health.status !== 'UP') ?? [];
  return (
    <Empty title="No jobs yet">
      <p>
        A job is one training run. Trainyard starts it, keeps every line that it prints, and shows
        them here, live and long after.
      </p>
      {place && (
        <>
          <p>Try it: a tiny language model, trained on this machine in some ten seconds.</p>
          <button
            type="button"
            className="primary"
            disabled={isUnderWay}
            onClick={() =>
              deploy({
                provider: place.name,
                recipe: 'tiny-lm',
                modelName: 'tiny',
                name: 'My first job',
              })
            }
          >
            Train the tiny model
          </button>
          <p>Or from a terminal, in Trainyard’s folder:</p>
          <Copyable text="npx trainyard deploy --model tiny --follow" />
        </>
      )}
      <p>
        <Link href="/deploy">Deploy a training of your own</Link>
      </p>
      {[error, refused].map((it) => it && <Problem key={it.message} error={it} again={again} />)}
      {down.map(({ name, health }) => (
        <p key={name} className="notice warn">
          {name}: {health.message ?? 'is not well.'}
        </p>
      ))}
    </Empty>
  );
}
