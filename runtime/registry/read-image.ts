/** Reads from a registry what an image runs. */
import type { KnownImage } from '../compile/known-images.ts';
import { DecodeError, fieldsOf, reader } from '../drone/decode.ts';
import { parseChallenge, tokenUrl } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { RegistryError } from './errors.ts';
import { isAsSafe, type Answer, type Fetch, type RegistryRequest } from './fetch.ts';
import {
  chooseImage,
  decodeConfig,
  decodeManifest,
  digestOf,
  MANIFEST_TYPES,
  type Platform,
} from './manifest.ts';

export interface ImageSource {
  readonly endpoint: Endpoint;
  readonly platform: Platform;
  readonly credentials: Credentials | undefined;
}

/** Redirects of a registry: to the store of its blobs, and there once more. */
const REDIRECTS = 3;

/**
 * The digest is the one of the tag, so of the index where there is one: each node takes its own image
 * out of it. Of what is read everything is compared with its digest.
 *
 * @param before what was read of the same tag earlier: where the tag still has that digest nothing
 *   else is asked, and Docker Hub counts no pull
 * @returns rejects with a RegistryError, or with the reason of the signal
 */
export async function readImage(
  source: ImageSource,
  fetch: Fetch,
  signal: AbortSignal,
  before?: KnownImage,
): Promise<KnownImage> {
  const { reference } = source.endpoint;
  const ask = asker(source, fetch, signal);
  if (before !== undefined) {
    const { header } = await ask('HEAD', `manifests/${reference}`);
    if (header('docker-content-digest') === before.digest) return before;
  }
  const wrong = (why: string): RegistryError =>
    new RegistryError('registry-answer', `${nameOf(source)}: ${why}`);
  try {
    const answer = await ask('GET', `manifests/${reference}`);
    const digest = digestOf(answer.body);
    const told = answer.header('docker-content-digest');
    const asked = reference.includes(':') ? reference : '';
    if ((told !== '' && told !== digest) || (asked !== '' && asked !== digest)) {
      throw wrong('the manifest is not the one of its digest');
    }
    const read = async (path: string, wanted: string): Promise<Buffer> => {
      const { body } = await ask('GET', `${path}/${wanted}`);
      if (digestOf(body) !== wanted) throw wrong('a part is not the one of its digest');
      return body;
    };
    let manifest = decodeManifest(answer.body);
    if (manifest.kind === 'index') {
      const chosen = chooseImage(manifest.images, source.platform);
      if (chosen === undefined) throw otherPlatform(source);
      manifest = decodeManifest(await read('manifests', chosen));
    }
    if (manifest.kind === 'index') throw wrong('an index in an index');
    const config = decodeConfig(await read('blobs', manifest.config));
    if (config.os !== '' && config.os !== source.platform.os) throw otherPlatform(source);
    return { digest, entrypoint: config.entrypoint, command: config.command };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw wrong(error.message);
  }
}

/** Asks below `/v2/REPOSITORY/`, and shows credentials only once they are asked for. */
function asker(
  source: ImageSource,
  fetch: Fetch,
  signal: AbortSignal,
): (method: RegistryRequest['method'], path: string) => Promise<Answer> {
  const { base, repository } = source.endpoint;
  let authorization: string | undefined;
  const send = async (method: RegistryRequest['method'], path: string): Promise<Answer> =>
    fetch(
      {
        method,
        url: new URL(`${repository}/${path}`, base),
        headers: {
          accept: MANIFEST_TYPES.join(', '),
          'user-agent': 'drone-kube',
          ...(authorization === undefined ? {} : { authorization }),
        },
        redirects: REDIRECTS,
      },
      signal,
    );
  return async (method, path) => {
    let answer = await send(method, path);
    if (answer.status === 401 && authorization === undefined) {
      authorization = await authorize(source, answer.header('www-authenticate'), fetch, signal);
      answer = await send(method, path);
    }
    if (answer.status === 200) return answer;
    throw failed(source, answer.status);
  };
}

/** The header that the registry wants to see. */
async function authorize(
  source: ImageSource,
  header: string,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<string> {
  const { credentials, endpoint } = source;
  const basic =
    credentials &&
    `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  const challenge = parseChallenge(header);
  if (challenge?.scheme === 'basic' && basic !== undefined) return basic;
  if (challenge?.scheme !== 'bearer') throw failed(source, 401);

  const realm = URL.canParse(challenge.realm) ? new URL(challenge.realm) : undefined;
  if (realm === undefined || realm.username !== '' || !isAsSafe(endpoint.base, realm)) {
    const message = `${nameOf(source)}: the registry gives out tokens at an address without HTTPS`;
    throw new RegistryError('registry-redirect', message);
  }
  const { status, body } = await fetch(
    {
      method: 'GET',
      url: tokenUrl(realm, challenge, endpoint.repository),
      headers: {
        'user-agent': 'drone-kube',
        ...(basic === undefined ? {} : { authorization: basic }),
      },
      redirects: 0,
    },
    signal,
  );
  if (status !== 200) throw failed(source, status);
  const token = tokenIn(body);
  if (token !== undefined) return `Bearer ${token}`;
  throw new RegistryError('registry-answer', `${nameOf(source)}: the registry gave out no token`);
}

function tokenIn(body: Buffer): string | undefined {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    const { text } = reader(fieldsOf(answer, 'token'), 'token');
    const token = text('token') || text('access_token');
    return /^[\x21-\x7E]+$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

function failed(source: ImageSource, status: number): RegistryError {
  const name = nameOf(source);
  if (status === 404) return new RegistryError('registry-missing', `${name} is not there`);
  if (status === 401 || status === 403) {
    const which = source.credentials === undefined ? 'without credentials' : 'with its credentials';
    return new RegistryError('registry-denied', `${name} may not be read ${which}`);
  }
  return new RegistryError('registry-answer', `${name}: the registry answered ${status}`);
}

function otherPlatform(source: ImageSource): RegistryError {
  const { os, arch } = source.platform;
  const message = `${nameOf(source)} is not there for ${os}/${arch}`;
  return new RegistryError('registry-platform', message);
}

const nameOf = ({ endpoint: { base, repository, reference } }: ImageSource): string =>
  `${base.host}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
