/** `npm run chaos`: builds of all kinds under two replicas that are killed at any instant. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { ClusterError } from '../cluster/errors.ts';
import { chaos, type ChaosOptions } from './chaos.ts';
import { FAULTS } from './faults.ts';

const USAGE = `Builds of all kinds under two replicas that are killed at any instant.

  npm run chaos -- --kills N       how often a replica is killed (20)
                   --seed S        a whole number; the same seed makes the same plan
                   --minutes M     goes on for so long at least, without kills if those are done
                   --with FAULT,…  what else goes wrong
                   --seconds S     how long each of those lasts (60)
                   --keep          leaves namespaces and repositories for a look

Faults (* others who use the cluster and the server notice it):
${FAULTS.map(({ name, help, isShared }) => `  ${isShared ? '*' : ' '} ${name.padEnd(15)} ${help}`).join('\n')}
    clock           the wall clock of each process jumps by hours`;

function options(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(randomBytes(3).readUIntBE(0, 3)) },
      minutes: { type: 'string', default: '0' },
      with: { type: 'string', default: '' },
      seconds: { type: 'string', default: '60' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const names = values.with.split(',').filter((name) => name !== '');
  const faults = FAULTS.filter(({ name }) => names.includes(name));
  const unknown = names.filter(
    (name) => name !== 'clock' && !faults.some((fault) => fault.name === name),
  );
  if (unknown.length > 0) {
    throw new ClusterError('BAD_ARGUMENTS', `there is no fault ${unknown.join(', ')}\n\n${USAGE}`);
  }
  const kills = whole('kills', values.kills);
  if (kills > 0 && names.includes('record')) {
    const why = 'a stage whose record and whose replica are both gone is one for the reaper';
    throw new ClusterError('BAD_ARGUMENTS', `--with record needs --kills 0: ${why}`);
  }
  return {
    kills,
    seed: whole('seed', values.seed),
    minutes: whole('minutes', values.minutes),
    faults,
    faultMs: whole('seconds', values.seconds) * 1_000,
    jumps: names.includes('clock'),
    keep: values.keep,
  };
}

function whole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ClusterError('BAD_ARGUMENTS', `--${name} is ${text}; write a whole number\n\n${USAGE}`);
}

const tell = (line: string): void => console.log(line);

try {
  const chosen = options(process.argv.slice(2));
  if (chosen === undefined) tell(USAGE);
  else process.exitCode = (await chaos(chosen, tell)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
