import type { Plugin } from 'rolldown';

/**
 * Writes the generated documents shorter, to the same values: a fragment is taken from its own document
 * instead of repeated, and names and plain fields become calls. A third of the size.
 */
export const compactDocuments: Plugin = {
  name: 'compact-documents',
  transform: {
    filter: { id: /generated\/graphql\.ts$/ },
    handler: (source) => `${helpers}
      ${source.replace(document, (_, name: string, json: string) => {
        const definitions = JSON.parse(json).definitions.map((definition: Node) => {
          const fragment = `${definition.name?.value}FragmentDoc`;
          const isForeign = definition.kind === 'FragmentDefinition' && name !== fragment;
          return isForeign ? `${fragment}.definitions[0]` : written(definition);
        });
        return `export const ${name} = { kind: 'Document', definitions: [${definitions}] }`;
      })}`,
  },
};

const document = /^export const (\w+) = (\{.*\})(?= as unknown as )/gm;

const helpers = `
  const n = (value: string) => ({ kind: 'Name', value });
  const f = (name: string, selections?: unknown[]) =>
    ({ kind: 'Field', name: n(name), ...(selections && { selectionSet: s(selections) }) });
  const s = (selections: unknown[]) => ({ kind: 'SelectionSet', selections });`;

interface Node {
  kind: string;
  name?: { value: string };
  selectionSet?: { selections: Node[] };
}

/** An expression that gives the node. */
function written(node: unknown): string {
  if (Array.isArray(node)) return `[${node.map(written)}]`;
  if (!isNode(node)) return JSON.stringify(node);
  const { kind, name, selectionSet, ...others } = node;
  if (kind === 'Name') return `n(${Object.values(others).map(written)})`;
  if (kind === 'SelectionSet') return `s(${Object.values(others).map(written)})`;
  if (kind === 'Field' && Object.keys(others).length === 0) {
    const selections = selectionSet ? [written(selectionSet.selections)] : [];
    return `f(${[JSON.stringify(name?.value), ...selections]})`;
  }
  return `{${Object.entries(node).map(([key, value]) => `${key}: ${written(value)}`)}}`;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
