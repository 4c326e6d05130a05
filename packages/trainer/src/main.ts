import { parseArgs } from 'node:util';
import { installUnit } from '../../../src/box/install.ts';
import { serveTrainer } from '../../../src/box/serve-trainer.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { projectVersion } from '../../../src/lib/system/project.ts';

const help = `Usage: trainyard-trainer [--listen | --install]

Starts Trainyard's training server, which queues jobs and runs them on this machine.

  --listen    let other machines use it, by a key, and print what to paste there
  --install   write a systemd unit that starts it so, and print what to do next
  --version, --help

Settings come from the environment (TRAINER_HOST, TRAINER_PORT, TRAINER_API_KEY, TRAINER_DATA_DIR, ...) and from
trainyard.config.json in this folder, whose recipes are those that it runs. Without TRAINER_API_KEY, --listen makes a
key and keeps it in its data folder.`;

/** Runs `trainyard-trainer` with this process's arguments. */
export async function main(): Promise<void> {
  let flags: ReturnType<typeof read>;
  try {
    flags = read();
  } catch (error) {
    console.error(`trainyard-trainer: ${messageOf(error)}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (flags.help) console.log(help);
  else if (flags.version) console.log(projectVersion());
  else if (flags.install) install();
  else await serveTrainer({ listen: flags.listen });
}

function read() {
  const option = { type: 'boolean', default: false } as const;
  const options = { listen: option, install: option, version: option, help: option };
  return parseArgs({ options }).values;
}

function install(): void {
  const [, script = ''] = process.argv;
  try {
    const program = [script, '--listen'] as const;
    console.log(installUnit({ program, environment: process.env, folder: process.cwd() }));
  } catch (error) {
    console.error(`trainyard-trainer: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
