/**
 * The steps of a stage as the server has them. Its protocol for runners tells them only once, in
 * answer to the write that makes them; its API for users tells them always.
 */
import { request, type Dispatcher } from 'undici';
import { decodeWritten, fieldsOf, reader } from './decode.ts';
import type { Details, ServerStep } from './rpc.ts';

export interface UserApi {
  /** URL without a slash at its end. */
  readonly url: string;
  /** Of a Drone user; without one only public repositories can be read. */
  readonly token: string | undefined;
  readonly dispatcher: Dispatcher;
}

const LIMIT_MS = 30_000;

/** undefined where nobody may read them, or the stage has none. Never rejects. */
export async function readSteps(
  { url, token, dispatcher }: UserApi,
  { repo, build, stage }: Pick<Details, 'repo' | 'build' | 'stage'>,
): Promise<readonly ServerStep[] | undefined> {
  const slug = repo.slug.split('/').map(encodeURIComponent).join('/');
  try {
    const answer = await request(`${url}/api/repos/${slug}/builds/${build.number}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      dispatcher,
      headersTimeout: LIMIT_MS,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      return undefined;
    }
    return stepsOf(await answer.body.json(), stage.number);
  } catch {
    return undefined;
  }
}

function stepsOf(answer: unknown, number: number): readonly ServerStep[] | undefined {
  const stages = reader(fieldsOf(answer, 'build'), 'build').list('stages');
  const stage = stages.find(
    (each) => reader(fieldsOf(each, 'stage'), 'stage').number('number') === number,
  );
  const steps = stage === undefined ? [] : decodeWritten(stage).steps;
  return steps.length === 0 ? undefined : steps;
}
