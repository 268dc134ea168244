import { randomBytes } from 'node:crypto';
import { run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { at, parseJson } from '../cluster/json.ts';
import type { Programs } from './binaries.ts';
import { droneUrl, giteaConfiguration, giteaUrl } from './components.ts';
import { jsonClient } from './json-client.ts';
import { readAccounts, writeAccounts, type Accounts, type Secrets } from './secrets.ts';
import { USER } from './settings.ts';

/**
 * The user at Gitea, a token of theirs, and Drone as an application that they may log in to;
 * made if they are not there. Gitea has to run.
 * @throws ClusterError COMMAND_FAILED, API_REFUSED
 */
export async function keepAccounts(
  state: string,
  host: string,
  programs: Programs,
  secrets: Secrets,
): Promise<Accounts> {
  const known = readAccounts(state);
  if (known !== undefined) {
    return known;
  }
  const basic = Buffer.from(`${USER}:${secrets.password}`).toString('base64');
  const gitea = jsonClient(`${giteaUrl(host)}/api/v1`, `Basic ${basic}`);
  if ((await gitea.ask('GET', '/user')).status !== 200) {
    await createUser(state, programs, secrets.password);
  }
  const token = await gitea.call('POST', `/users/${USER}/tokens`, {
    // An interrupted run may have made one, and its value is not told again.
    name: `tests-${randomBytes(4).toString('hex')}`,
    scopes: ['all'],
  });
  const application = await gitea.call('POST', '/user/applications/oauth2', {
    name: 'Drone',
    confidential_client: true,
    redirect_uris: [`${droneUrl(host)}/login`],
  });
  const accounts = {
    giteaToken: field(token, 'sha1'),
    clientId: field(application, 'client_id'),
    clientSecret: field(application, 'client_secret'),
  };
  writeAccounts(state, accounts);
  return accounts;
}

async function createUser(state: string, programs: Programs, password: string): Promise<void> {
  await run(
    `${programs.gitea}/gitea`,
    [
      ['admin', 'user', 'create', '--config', giteaConfiguration(state)],
      ['--username', USER, '--password', password, '--email', `${USER}@drone-kube.test`],
      ['--admin', '--must-change-password=false'],
    ].flat(),
    { environment: { HOME: state } },
  );
}

function field(json: string, name: string): string {
  const value = at(parseJson(json), name);
  if (typeof value !== 'string') {
    throw new ClusterError('API_REFUSED', `Gitea answered without ${name}`);
  }
  return value;
}
