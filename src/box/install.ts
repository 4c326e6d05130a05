import { realpathSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { readTrainerConfig } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { makeFolder } from '../lib/system/make-folder.ts';
import { keepKey } from './key-file.ts';
import { lineToPaste, otherAddresses } from './paste.ts';
import { systemdUnit } from './systemd-unit.ts';

const unitName = 'trainyard-trainer';

export interface InstallOptions {
  /** The script and its arguments that start the training server. */
  program: readonly [string, ...string[]];
  environment: NodeJS.ProcessEnv;
  /** Where it is to run; the configuration file is looked for there. */
  folder: string;
  /** The folder for units; by default the one of the system, or of the user. */
  unitFolder?: string;
}

/**
 * Writes a systemd unit for a training server that other machines can use: one of the system's for root, else one of
 * the user's own. Returns what to do next. Throws `ConfigError` where there is no systemd, or where the program does
 * not stay.
 */
export function installUnit(options: InstallOptions): string {
  const { program, environment, folder } = options;
  if (process.platform !== 'linux') {
    throw new ConfigError('--install writes a systemd unit, and this is not Linux.');
  }
  const [script, ...words] = program;
  const file = realpathSync(script);
  if (/\/_npx\//.test(file)) {
    throw new ConfigError(
      'npx may remove this program again: install it with `npm install --global`, then run `trainyard-trainer --install`.',
    );
  }
  const isOfSystem = userInfo().uid === 0;
  const unit = systemdUnit({
    command: [process.execPath, '--disable-warning=ExperimentalWarning', file, ...words],
    folder,
    environment,
    user: isOfSystem ? (environment.SUDO_USER ?? null) : null,
    isOfSystem,
  });
  const config = readTrainerConfig(environment, { listen: true });
  const { key } = asCaller(environment, () => keepKey(config.dataDir, config.apiKey));
  const { XDG_CONFIG_HOME = join(homedir(), '.config') } = environment;
  const usual = isOfSystem ? '/etc/systemd/system' : join(XDG_CONFIG_HOME, 'systemd/user');
  const units = options.unitFolder ?? usual;
  makeFolder(units);
  const path = join(units, `${unitName}.service`);
  writeFileSync(path, unit);
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}`;
  return nextSteps({ path, isOfSystem, url, key });
}

/** Does `work` as whoever called sudo, so that what it makes is theirs, as the running server is. */
function asCaller<T>({ SUDO_UID, SUDO_GID }: NodeJS.ProcessEnv, work: () => T): T {
  const { seteuid, setegid } = process;
  if (userInfo().uid !== 0 || !SUDO_UID || !SUDO_GID || !seteuid || !setegid) return work();
  setegid(Number(SUDO_GID));
  seteuid(Number(SUDO_UID));
  try {
    return work();
  } finally {
    seteuid(0);
    setegid(0);
  }
}

function nextSteps(unit: { path: string; isOfSystem: boolean; url: string; key: string }): string {
  const { path, isOfSystem, url, key } = unit;
  const systemctl = isOfSystem ? 'systemctl' : 'systemctl --user';
  const addresses = otherAddresses(url);
  return [
    `Written: ${path}`,
    '',
    'Start it, now and whenever this machine starts:',
    `  ${systemctl} daemon-reload && ${systemctl} enable --now ${unitName}`,
    // Without it everything of a user's ends when they log out.
    ...(isOfSystem
      ? []
      : ['  loginctl enable-linger     # it and its jobs go on when you log out']),
    '',
    'Where Trainyard runs, paste:',
    `  ${lineToPaste({ url, key })}`,
    ...(addresses === null
      ? []
      : [`Where the name is not known, use an address of this machine: ${addresses}.`]),
  ].join('\n');
}
