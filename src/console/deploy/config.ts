/** The most characters of a config, as the server counts them. */
const maxLength = 65_536;

/** A config that somebody has written: the object, or what is wrong with the text. An empty text is an empty config. */
export function parseConfig(
  text: string,
): { config: Record<string, unknown>; problem: null } | { config: null; problem: string } {
  if (text.trim() === '') return { config: {}, problem: null };
  if (text.length > maxLength) {
    return wrong(`This has ${text.length} characters; a config has at most ${maxLength}.`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return wrong('A config is an object, such as {"learning_rate": 0.001}.');
    return { config: value, problem: null };
  } catch (error) {
    return wrong(`This is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function wrong(problem: string): { config: null; problem: string } {
  return { config: null, problem };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
