import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  getOperationAST,
  Kind,
  visit,
} from 'graphql';
import { codeOf } from '../../core/errors.ts';
import type { createExecutor } from './execute.ts';

type Execute = ReturnType<typeof createExecutor>;

/**
 * A subscriber that executes an event once for all who selected the same of it. A log page is the
 * same object for every viewer at the same offset, and what they see of it depends on nothing but
 * their selection; so the result is the same object, too, and can be serialized once.
 */
export function createSubscriber(
  execute: Execute,
): (args: ExecutionArgs) => Promise<AsyncGenerator<ExecutionResult, void> | ExecutionResult> {
  const results = new WeakMap<object, Map<string, Promise<ExecutionResult>>>();
  const selections = new SelectionKeys();
  return async (args) => {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    const key = selections.of(args);
    return mapEvents(source, (event) => {
      const run = async () => execute({ ...args, rootValue: event });
      if (key === null || typeof event !== 'object' || event === null) return run();
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
    });
  };
}

/** Names what an operation selects, apart from where in the log it begins. */
class SelectionKeys {
  readonly #documents = new WeakMap<DocumentNode, number>();
  #count = 0;

  /** Null where viewers may see different things of the same event. */
  of({ document, operationName, variableValues }: ExecutionArgs): string | null {
    const operation = getOperationAST(document, operationName);
    const [field] = operation?.selectionSet.selections ?? [];
    if (field?.kind !== Kind.FIELD || field.name.value !== 'logStream') return null;
    let number = this.#documents.get(document);
    if (number === undefined) {
      this.#count += 1;
      number = this.#count;
      this.#documents.set(document, number);
    }
    const offset = field.arguments?.find(({ name }) => name.value === 'offset')?.value;
    const variables: Record<string, unknown> = { ...variableValues };
    if (offset?.kind === Kind.VARIABLE && usesOf(document, offset.name.value) === 1) {
      delete variables[offset.name.value];
    }
    try {
      return `${number} ${operationName ?? ''} ${JSON.stringify(variables)}`;
    } catch {
      // They nest too deeply.
      return null;
    }
  }
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

/** Executes events one by one as they are asked for; its end reaches the source at once. */
function mapEvents(
  source: AsyncIterable<unknown>,
  map: (event: unknown) => Promise<ExecutionResult>,
): AsyncGenerator<ExecutionResult, void> {
  const events = source[Symbol.asyncIterator]();
  let isRefused = false;
  const end = async (): Promise<IteratorResult<ExecutionResult, void>> => {
    await events.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      // What is wrong with the operation itself, such as its cost, is so with every event.
      if (isRefused) return end();
      const event = await events.next();
      if (event.done) return { done: true, value: undefined };
      const value = await map(event.value);
      isRefused = value.data == null && (value.errors ?? []).some(isRefusal);
      return { done: false, value };
    },
    return: end,
    async throw(error: unknown) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

function isRefusal({ originalError }: GraphQLError): boolean {
  return codeOf(originalError) === 'BAD_USER_INPUT';
}
