import type { DeployJobInput, JobFragment, ProvidersQuery } from '@trainyard/client';
import { type FormEvent, useRef, useState } from 'react';
import { Field } from '../parts/field.tsx';
import { Problem } from '../parts/problem.tsx';
import { parseConfig } from './config.ts';
import { RunPodFields, readRunPod } from './runpod-fields.tsx';
import { SchemaFields } from './schema-fields.tsx';
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
  const [recipeName, setRecipe] = useState(like?.recipe ?? provider?.recipes[0] ?? '');
  const recipe = provider?.recipeList.find(({ name }) => name === recipeName);
  const { config, problem } = parseConfig(text);
  const { deploy, rerun, isUnderWay, error } = useDeploy();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const field = (name: string) => String(fields.get(name) ?? '').trim();
    if (config === null) return;
    const runpod = provider?.kind === 'RUNPOD' ? { runpod: readRunPod(field) } : {};
    // Secrets and options that are never shown come along only where the server runs a job again by itself.
    if (like && provider?.kind === 'RUNPOD' && providerName === like.provider.name) {
      const { id: jobId } = like;
      void rerun({ jobId, name: field('name'), modelName: field('model'), config, ...runpod });
      return;
    }
    const input: DeployJobInput = {
      provider: providerName,
      recipe: field('recipe'),
      modelName: field('model'),
      config,
      ...(field('name') ? { name: field('name') } : {}),
      ...(field('dataset') ? { datasetPath: field('dataset') } : {}),
      ...runpod,
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
      <Field
        label="Provider"
        isWrong={provider?.health.status !== 'UP'}
        hint={provider?.health.message}
      >
        {(control) => (
          <select
            {...control}
            value={providerName}
            onChange={({ target }) => setProvider(target.value)}
          >
            {providers.map(({ name, kind }) => (
              <option key={name} value={name}>
                {`${name} (${kind === 'LOCAL' ? 'training server' : 'RunPod'})`}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Recipe
        key={providerName}
        recipes={provider?.recipeList ?? []}
        first={like?.recipe}
        choose={setRecipe}
      />
      <Field label="Model" hint="Which model the recipe is to train, such as its name at a hub.">
        {(control) => (
          <input
            {...control}
            name="model"
            required
            maxLength={500}
            defaultValue={like?.modelName}
            placeholder="my-model"
          />
        )}
      </Field>
      <Field label="Name" hint="For people. Made from model and recipe where it is empty.">
        {(control) => <input {...control} name="name" maxLength={200} defaultValue={like?.name} />}
      </Field>
      <Field
        label="Data set"
        hint={`Its path on the machine that trains. ${recipe?.datasetPath ?? 'The recipe’s own'} where it is empty.`}
      >
        {(control) => (
          <input
            {...control}
            name="dataset"
            maxLength={4096}
            defaultValue={like?.datasetPath ?? ''}
          />
        )}
      </Field>
      <Field
        label="Config"
        isWrong={problem !== null}
        hint={
          problem ?? 'Settings for the recipe, as a JSON object. What is left out has its default.'
        }
      >
        {(control) => (
          <textarea
            {...control}
            className="mono"
            rows={10}
            spellCheck={false}
            value={text}
            placeholder={placeholder(recipe?.defaults)}
            onChange={({ target }) => setText(target.value)}
            aria-invalid={problem !== null}
          />
        )}
      </Field>
      <SchemaFields
        schema={recipe?.configSchema}
        defaults={recipe?.defaults ?? {}}
        config={config}
        change={(next) => setText(JSON.stringify(next, null, 2))}
      />
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

/** The recipe's defaults, to be seen before anything is written. */
function placeholder(defaults: Record<string, unknown> | undefined): string {
  const isKnown = defaults && Object.keys(defaults).length > 0;
  return JSON.stringify(isKnown ? defaults : { learning_rate: 0.001 }, null, 2);
}

/** The recipes that are known to run there; any other name where none is known. */
function Recipe(props: {
  recipes: Providers[number]['recipeList'];
  first: string | undefined;
  choose: (name: string) => void;
}) {
  const { recipes, first, choose } = props;
  const [name, setName] = useState(first ?? recipes[0]?.name ?? 'default');
  const recipe = recipes.find((it) => it.name === name);
  if (recipes.length === 0) {
    return (
      <Field label="Recipe" hint="The provider has not said which recipes it has.">
        {(control) => <input {...control} name="recipe" required defaultValue={name} />}
      </Field>
    );
  }
  return (
    <Field label="Recipe" hint={recipe?.description}>
      {(control) => (
        <select
          {...control}
          name="recipe"
          value={name}
          onChange={({ target }) => {
            setName(target.value);
            choose(target.value);
          }}
        >
          {recipes.map((it) => (
            <option key={it.name}>{it.name}</option>
          ))}
        </select>
      )}
    </Field>
  );
}
