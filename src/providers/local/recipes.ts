import { TrainyardError } from '../../core/errors.ts';
import type { Job, JsonObject, NewJob } from '../../core/job.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import { foreignConfig } from './foreign-config.ts';
import type { HealthCheck } from './health.ts';

export interface ServerRecipesOptions {
  /** The recipes that callers may choose; null where the server's health check names them. */
  recipes: readonly string[] | Readonly<Record<string, { defaults: JsonObject }>> | null;
  /** The config that a server without recipes of its own gets for a recipe that `recipes` has no defaults for. */
  defaultsOf?: ((recipe: string) => JsonObject) | undefined;
}

/**
 * The recipes of one training server, and how it is told which one a job runs. Trainyard's own server names its
 * recipes and takes a job's recipe by name. Any other takes only a config, into which the recipe's defaults go.
 */
export class ServerRecipes {
  readonly #configured: readonly string[] | null;
  readonly #defaultsOf: (recipe: string) => JsonObject;
  #served: readonly string[] | null = null;
  #facts: readonly RecipeFacts[] = [];
  #isOwnServer: boolean | null = null;

  constructor({ recipes, defaultsOf = () => ({}) }: ServerRecipesOptions) {
    const named = recipes === null || isList(recipes) ? {} : recipes;
    this.#configured = recipes === null || isList(recipes) ? recipes : Object.keys(recipes);
    this.#defaultsOf = (recipe) => named[recipe]?.defaults ?? defaultsOf(recipe);
  }

  /** The recipes that callers may choose, as far as they are known: none before the server has answered. */
  names(): readonly string[] {
    return this.#configured ?? this.#served ?? (this.areUnknown ? [] : foreignRecipes);
  }

  /** What is known of the recipes beyond their names. */
  facts(): readonly RecipeFacts[] {
    return this.#facts;
  }

  /** True while the server may have any recipe, because it has not answered yet. */
  get areUnknown(): boolean {
    return this.#configured === null && this.#isOwnServer === null;
  }

  /** Whether the server is Trainyard's own; null until it has answered. */
  get isOwnServer(): boolean | null {
    return this.#isOwnServer;
  }

  /** Learns from a health check of the server. */
  learn({ health, recipes, facts }: HealthCheck): void {
    this.#served = recipes ?? this.#served;
    if (recipes !== null) this.#facts = facts;
    if (health.status === 'UP') this.#isOwnServer = recipes !== null;
  }

  /** Throws `BAD_USER_INPUT` for a config with a value that would not reach the job. */
  check({ config }: NewJob): void {
    if (this.#isOwnServer === false) return;
    for (const [key, field] of Object.entries(reservedKeys)) {
      if (!Object.hasOwn(config, key)) continue;
      const message = `config.${key}: a training server is told the job's ${field} under this name, so this value would not arrive. Say it as input.${field}, or give the setting another name.`;
      throw new TrainyardError('BAD_USER_INPUT', message);
    }
  }

  /** The config to send to the server for a job. */
  configOf(job: Job): JsonObject {
    if (this.#isOwnServer === false) return foreignConfig(job, this.#defaultsOf(job.recipe));
    return { ...job.config, recipe: job.recipe, model_name: job.modelName };
  }
}

/** A server that names no recipes has one: it runs what a config says. */
const foreignRecipes: readonly string[] = ['default'];

/** The keys of a config in which the contract carries fields of a deploy, and the names of these fields. */
const reservedKeys = { recipe: 'recipe', model_name: 'modelName' } as const;

function isList<T>(value: readonly string[] | T): value is readonly string[] {
  return Array.isArray(value);
}
