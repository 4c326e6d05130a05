import { Field } from '../parts/field.tsx';

type Config = Record<string, unknown>;

/** The settings that a recipe's JSON Schema names, as fields. What is filled in stands in the config, too. */
export function SchemaFields(props: {
  schema: Config | null | undefined;
  defaults: Config;
  /** Null while its text is no JSON. */
  config: Config | null;
  change: (config: Config) => void;
}) {
  const { schema, defaults, config, change } = props;
  const fields = fieldsOf(schema);
  if (fields.length === 0 || config === null) return null;
  return (
    <fieldset className="runpod">
      <legend>Settings of the recipe</legend>
      {fields.map((field) => (
        <Setting
          key={field.name}
          field={field}
          value={config[field.name]}
          fallback={defaults[field.name]}
          change={(value) => {
            const { [field.name]: _, ...others } = config;
            change(value === undefined ? others : { ...config, [field.name]: value });
          }}
        />
      ))}
    </fieldset>
  );
}

interface SchemaField {
  name: string;
  kind: 'number' | 'integer' | 'text' | 'boolean' | 'choice';
  description: string;
  choices: readonly unknown[];
}

function Setting(props: {
  field: SchemaField;
  value: unknown;
  fallback: unknown;
  change: (value: unknown) => void;
}) {
  const { field, value, fallback, change } = props;
  const preset = fallback === undefined ? '' : String(fallback);
  const choices = field.kind === 'boolean' ? [true, false] : field.choices;
  const text = value === undefined ? '' : String(value);
  return (
    <Field label={field.name} hint={field.description}>
      {(control) =>
        choices.length > 0 ? (
          <select
            {...control}
            value={text}
            onChange={({ target }) => change(read(field, target.value))}
          >
            <option value="">{preset && `${preset} (default)`}</option>
            {choices.map((choice) => (
              <option key={String(choice)}>{String(choice)}</option>
            ))}
          </select>
        ) : (
          <input
            {...control}
            inputMode={field.kind === 'text' ? 'text' : 'decimal'}
            value={text}
            placeholder={preset}
            onChange={({ target }) => change(read(field, target.value))}
          />
        )
      }
    </Field>
  );
}

/** What was written, as the schema wants it; as text where it is not that, and the server says what is wrong. */
function read({ kind, choices }: SchemaField, text: string): unknown {
  if (text === '') return undefined;
  if (kind === 'choice') return choices.find((choice) => String(choice) === text);
  if (kind === 'boolean') return text === 'true';
  const isNumber = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) && !text.endsWith('.');
  return (kind === 'number' || kind === 'integer') && isNumber ? Number(text) : text;
}

/** The properties that are plain values; all others are written as JSON. */
function fieldsOf(schema: Config | null | undefined): SchemaField[] {
  const properties = record(schema?.properties);
  return Object.entries(properties).flatMap(([name, given]) => {
    const { type, description, enum: choices } = record(given);
    const kind = Array.isArray(choices) ? 'choice' : kinds[String(type)];
    if (!kind) return [];
    return {
      name,
      kind,
      description: typeof description === 'string' ? description : '',
      choices: Array.isArray(choices) ? choices : [],
    };
  });
}

const kinds: Readonly<Record<string, SchemaField['kind']>> = {
  number: 'number',
  integer: 'integer',
  string: 'text',
  boolean: 'boolean',
};

function record(value: unknown): Config {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
