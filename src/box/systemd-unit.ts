import { jobEnvironment } from '../trainer/process/environment.ts';

export interface UnitOptions {
  /** The program with its arguments; the first is an absolute path. */
  command: readonly string[];
  /** Where the configuration file is looked for. */
  folder: string;
  environment: NodeJS.ProcessEnv;
  /** Who runs it, for a unit of the system; null for a unit of the user's own. */
  user: string | null;
  isOfSystem: boolean;
}

/**
 * The systemd unit of a training server (systemd.service(5), systemd.kill(5)). Only the server ends with it: its jobs
 * run on, and the next start adopts them. Settings of the server, and what jobs inherit, are those of `environment`.
 */
export function systemdUnit(options: UnitOptions): string {
  const { command, folder, environment, user, isOfSystem } = options;
  const settings = Object.entries(settingsOf(environment)).map(
    ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
  );
  return `${[
    '[Unit]',
    'Description=Trainyard training server',
    ...(isOfSystem ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    '',
    '[Service]',
    `ExecStart=${command.map((word) => quoted(word).replaceAll('$', '$$$$')).join(' ')}`,
    `WorkingDirectory=${folder.replaceAll('%', '%%')}`,
    ...(user === null ? [] : [`User=${user}`]),
    ...settings,
    'Restart=on-failure',
    'RestartSec=2',
    '# Stopping or restarting the server ends no job.',
    'KillMode=process',
    '# A job that runs out of memory ends alone.',
    'OOMPolicy=continue',
    'TasksMax=infinity',
    '',
    '[Install]',
    `WantedBy=${isOfSystem ? 'multi-user.target' : 'default.target'}`,
  ].join('\n')}\n`;
}

/** What systemd sets by itself for whoever runs the unit. */
const ofSession = /^(?:HOME|USER|LOGNAME|SHELL|TMPDIR|XDG_RUNTIME_DIR)$/;
const ofServer =
  /^(?:TRAINER_(?:HOST|PORT|DATA_DIR|CONCURRENCY|DISK_RESERVE_MB)|TRAINYARD_(?:CONFIG|DATA_DIR)|LOG_LEVEL)$/;

/** The variables to keep. The key is none of them, for everybody can read a unit: it is in the server's key file. */
function settingsOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value && ofServer.test(name)) kept[name] = value;
  }
  for (const [name, value] of Object.entries(jobEnvironment(environment))) {
    if (!ofSession.test(name)) kept[name] = name === 'PATH' ? withoutPackages(value) : value;
  }
  return kept;
}

/** PATH without the folders that npm puts there for what it starts. */
function withoutPackages(path: string): string {
  const own = path.split(':').filter((folder) => !/node_modules|node-gyp-bin/.test(folder));
  return own.join(':');
}

/** One word in systemd's quotes, in which % begins a specifier. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%');
  return `"${escaped}"`;
}
