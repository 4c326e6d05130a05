/** A wrong setting. The message is one line that names the setting, its value and what is allowed. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
