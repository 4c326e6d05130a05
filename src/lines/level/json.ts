import type { LogLevel } from '../../core/log.ts';
import { withoutPrefix } from '../prefix.ts';
import { levelNamed } from './stated.ts';

/** True where the line, behind a launcher's prefix, is a record of JSON, or a dictionary as Python prints it. */
export function isRecord(line: string): boolean {
  const text = withoutPrefix(line);
  return text.charCodeAt(0) === brace && /["']/.test(text.charAt(1));
}

/**
 * The level of a record (pino, bunyan, zap, structlog, zerolog, python-json-logger, loguru, ECS,
 * Google Cloud), wherever in the line it stands. A quote within a text is escaped, so it is no key.
 */
export function recordLevel(line: string): LogLevel | null {
  if (!hint.test(line)) return null;
  for (const [, word, number, nested] of line.matchAll(keyed)) {
    const level = levelNamed(word ?? number ?? nested ?? '');
    if (level !== null) return level;
  }
  return null;
}

const hint = /evel|everity|lvl|@l/;
const keyed =
  /(?<!\\)["'](?:level|lvl|levelname|level_name|log\.level|loglevel|severity|severity_text|severityText|SeverityText|Level|@l)["'] ?: ?(?:["']([A-Za-z]{1,13})["']|([1-6]0)\b|\{[^{}]{0,80}["']name["'] ?: ?["'](\w{1,13})["'])/g;

const brace = 0x7b;
