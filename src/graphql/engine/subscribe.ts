import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  Kind,
  visit,
} from 'graphql';
import { principalKey } from '../../access/principal.ts';
import { TrainyardError } from '../../core/errors.ts';
import { pulled } from '../../lib/async/pulled.ts';
import { contextOf } from './context.ts';
import type { Execute } from './execute.ts';
import { StreamMemory } from './stream-memory.ts';

/**
 * The most open subscriptions on all connections: while they are idle, they take at most 200 MB together, beside what
 * `StreamMemory` counts.
 */
const maxStreams = 20_000;

/**
 * A subscription field sets this as `extensions.shared` where all viewers get the same event objects, and
 * where what a viewer sees of an event depends only on who asks and what it selects. The argument named
 * `apartFrom` chooses which events come, not what is in them. The field's source must wait for turns itself.
 */
export interface SharedEvents {
  apartFrom: string;
}

/** Begins a subscription, or says why it cannot. */
export type Subscriber = (
  args: ExecutionArgs,
) => Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult>;

/**
 * A subscriber that executes an event once for all viewers with the same selection, where the field says that
 * its events are shared. Their results share the same `data` object, so it can be serialized once. Refuses a
 * subscription beyond `maxStreams`, or for which `memory` has no room, with `RATE_LIMITED`. Each error passes `publicError`, once for all viewers.
 */
export function createSubscriber(
  execute: Execute,
  publicError: (error: unknown) => GraphQLError,
  memory = new StreamMemory(),
): Subscriber {
  const shown = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map(publicError) } : result;
  const results = new WeakMap<object, Map<string, Promise<ExecutionResult>>>();
  const selections = new SelectionKeys();
  const open = new Set<object>();
  return async (args) => {
    if (open.size >= maxStreams) return shown({ errors: [tooMany(tooManyStreams)] });
    const { pace, sentChars } = contextOf(args);
    const release = memory.hold(args, sentChars);
    if (release === null) return shown({ errors: [tooMany(tooMuchAsked)] });
    const source = await sourceOf(args, release);
    if (!(Symbol.asyncIterator in source)) return shown(source);
    const key = selections.of(args);
    open.add(source);
    const ended = () => {
      release();
      open.delete(source);
    };
    const map = (event: unknown): Promise<ExecutionResult> => {
      const run = async () => shown(await execute({ ...args, rootValue: event }));
      if (key === null || typeof event !== 'object' || event === null) {
        return pace.turn('stream').then(run);
      }
      let shared = results.get(event);
      if (!shared) {
        shared = new Map();
        results.set(event, shared);
      }
      let result = shared.get(key);
      if (!result) {
        result = run();
        shared.set(key, result);
      }
      return result;
    };
    return mapEvents({ source, ended, map, publicError });
  };
}

/** Makes keys of who asks and what an operation selects, without the argument that only chooses its events. */
class SelectionKeys {
  readonly #documents = new WeakMap<DocumentNode, number>();
  #count = 0;

  /** The key of an operation; null where viewers may see different things of the same event. */
  of(args: ExecutionArgs): string | null {
    const { schema, document, operationName, variableValues } = args;
    const operation = getOperationAST(document, operationName);
    const [field] = operation?.selectionSet.selections ?? [];
    if (field?.kind !== Kind.FIELD) return null;
    const definition = schema.getSubscriptionType()?.getFields()[field.name.value];
    const shared = definition?.extensions.shared;
    if (!isShared(shared)) return null;
    let number = this.#documents.get(document);
    if (number === undefined) {
      this.#count += 1;
      number = this.#count;
      this.#documents.set(document, number);
    }
    const chosen = field.arguments?.find(({ name }) => name.value === shared.apartFrom)?.value;
    const variables: Record<string, unknown> = { ...variableValues };
    if (chosen?.kind === Kind.VARIABLE && usesOf(document, chosen.name.value) === 1) {
      delete variables[chosen.name.value];
    }
    try {
      const who = principalKey(contextOf(args).principal);
      return JSON.stringify([who, number, operationName ?? '', variables]);
    } catch {
      // The variables nest too deeply to be made a key.
      return null;
    }
  }
}

function isShared(said: unknown): said is SharedEvents {
  return typeof said === 'object' && said !== null && 'apartFrom' in said;
}

function usesOf(document: DocumentNode, variable: string): number {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: ({ name }) => {
      if (name.value === variable) uses += 1;
    },
  });
  return uses;
}

/**
 * Executes events one by one, when the reader asks for the next. Ending it ends the source at once. An error
 * that ends the source is its last result: a gateway passes results on with their codes, and hides errors of a
 * stream. Each reader gets a result object of its own and may empty it after use: a loop holds its last result
 * while it waits for the next, so that thousands of streams would otherwise hold a page each.
 */
function mapEvents({
  source,
  ended,
  map,
  publicError,
}: MappedEvents): AsyncGenerator<ExecutionResult, void, void> {
  const events = source[Symbol.asyncIterator]();
  let isOver = false;
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    ended();
    await events.return?.();
    return { done: true, value: undefined };
  };
  return pulled({
    async next() {
      if (isOver) return end();
      try {
        const event = await events.next();
        if (event.done) return await end();
        const given = { ...(await map(event.value)) };
        // An error of the operation itself, such as its cost, would come again with every event.
        isOver = given.data == null && (given.errors ?? []).some(isRefusal);
        return { done: false, value: given };
      } catch (error) {
        isOver = true;
        await end();
        return { done: false, value: { data: null, errors: [publicError(error)] } };
      }
    },
    return: end,
  });
}

interface MappedEvents {
  source: AsyncIterable<unknown>;
  ended: () => void;
  map: (event: unknown) => Promise<ExecutionResult>;
  publicError: (error: unknown) => GraphQLError;
}

/** The source of events; calls `release` where there is none. */
async function sourceOf(args: ExecutionArgs, release: () => void) {
  try {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) release();
    return source;
  } catch (error) {
    release();
    throw error;
  }
}

const tooManyStreams = `More than ${maxStreams} subscriptions are under way. Try again later.`;
const tooMuchAsked =
  'The subscriptions that are under way were asked with too much text together. Try again later, or with a shorter query and fewer variables.';

function tooMany(message: string): GraphQLError {
  const originalError = new TrainyardError('RATE_LIMITED', message, { retryAfterMs: 10_000 });
  return new GraphQLError(message, { originalError });
}

function isRefusal({ extensions }: GraphQLError): boolean {
  return extensions.code === 'BAD_USER_INPUT';
}
