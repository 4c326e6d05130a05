import type { DeployJobInput, JobFragment, ProvidersQuery } from '@trainyard/client';
import { type FormEvent, useRef, useState } from 'react';
import { Problem } from '../parts/problem.tsx';
import { parseConfig } from './config.ts';
import { RunPodFields, readRunPod } from './runpod-fields.tsx';
import { useDeploy } from './use-deploy.ts';

type Providers = ProvidersQuery['providers'];

/** What a job is to be. The config is checked as it is written, all else by the server. */
export function DeployForm({
  providers,
  like,
}: {
  providers: Providers;
  like: JobFragment | null;
}) {
  const form = useRef<HTMLFormElement>(null);
  const [providerName, setProvider] = useState(like?.provider.name ?? providers[0]?.name ?? '');
  const provider = providers.find(({ name }) => name === providerName);
  const [text, setText] = useState(like ? JSON.stringify(like.config, null, 2) : '');
  const { config, problem } = parseConfig(text);
  const { deploy, isUnderWay, error } = useDeploy();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const field = (name: string) => String(fields.get(name) ?? '').trim();
    if (config === null) return;
    const input: DeployJobInput = {
      provider: providerName,
      recipe: field('recipe'),
      modelName: field('model'),
      config,
      ...(field('name') ? { name: field('name') } : {}),
      ...(field('dataset') ? { datasetPath: field('dataset') } : {}),
      ...(provider?.kind === 'RUNPOD' ? { runpod: readRunPod(field) } : {}),
    };
    void deploy(input);
  };
  return (
    <form
      ref={form}
      className="deploy-form"
      onSubmit={submit}
      onKeyDown={(event) => {
        const isSend = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
        if (isSend) form.current?.requestSubmit();
      }}
    >
      <label className="field">
        Provider
        <select value={providerName} onChange={({ target }) => setProvider(target.value)}>
          {providers.map(({ name, kind }) => (
            <option key={name} value={name}>
              {`${name} (${kind === 'LOCAL' ? 'training server' : 'RunPod'})`}
            </option>
          ))}
        </select>
        {provider && provider.health.status !== 'UP' && (
          <small className="wrong">{provider.health.message}</small>
        )}
      </label>
      <Recipe key={providerName} names={provider?.recipes ?? []} first={like?.recipe} />
      <label className="field">
        Model
        <input
          name="model"
          required
          maxLength={500}
          defaultValue={like?.modelName}
          placeholder="my-model"
        />
        <small>Which model the recipe is to train, such as its name at a hub.</small>
      </label>
      <label className="field">
        Name
        <input name="name" maxLength={200} defaultValue={like?.name} />
        <small>For people. Made from model and recipe where it is empty.</small>
      </label>
      <label className="field">
        Data set
        <input name="dataset" maxLength={4096} defaultValue={like?.datasetPath ?? ''} />
        <small>Its path on the machine that trains. The recipe’s own where it is empty.</small>
      </label>
      <label className="field">
        Config
        <textarea
          className="mono"
          rows={10}
          spellCheck={false}
          value={text}
          placeholder={'{\n  "learning_rate": 0.001\n}'}
          onChange={({ target }) => setText(target.value)}
          aria-invalid={problem !== null}
          aria-describedby="config-problem"
        />
        <small id="config-problem" className={problem ? 'wrong' : ''}>
          {problem ?? 'Settings for the recipe, as a JSON object.'}
        </small>
      </label>
      {provider?.kind === 'RUNPOD' && <RunPodFields />}
      {error && <Problem error={error} />}
      <div>
        <button type="submit" className="primary" disabled={isUnderWay || problem !== null}>
          {isUnderWay ? 'Deploying …' : 'Deploy'}
        </button>{' '}
        <small className="muted">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </small>
      </div>
    </form>
  );
}

/** The recipes that are known to run there; any other name where none is known. */
function Recipe({ names, first }: { names: readonly string[]; first?: string }) {
  if (names.length === 0) {
    return (
      <label className="field">
        Recipe
        <input name="recipe" required defaultValue={first ?? 'default'} />
        <small>The provider has not said which recipes it has.</small>
      </label>
    );
  }
  return (
    <label className="field">
      Recipe
      <select name="recipe" defaultValue={first ?? names[0]}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
