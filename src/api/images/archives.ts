import { load as loadArchive } from '#engine/archive/load'
import { saveBytes } from '#engine/archive/save'
import { type Bytes, toReadableStream } from '#stream'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { stream } from '../reply.ts'
import { imageName } from './find.ts'
import { readPlatforms } from './platforms.ts'
import { progressLines } from './progress.ts'

/** `GET /images/{name}/get` and `GET /images/get?names=…`. */
export async function get(call: ApiCall): Promise<Response> {
  const { engine, params, query } = call
  const names = params['name'] === undefined ? query.texts('names') : [params['name']]
  if (names.length === 0) throw new ApiError(400, 'no images given')
  for (const name of names) imageName({ engine, params: { name } })
  const bytes = saveBytes(engine, names, { platforms: readPlatforms(call, 'platform', 48) })
  return archive(await begun(bytes))
}

/** `POST /images/load`. */
export async function load(call: ApiCall): Promise<Response> {
  const { engine, query, request, signal } = call
  const platforms = readPlatforms(call, 'platform', 48)
  const isQuiet = query.flag('quiet')
  const { body } = request
  if (body === null) throw new ApiError(400, 'no archive given')
  return stream(
    progressLines(async (emit) => {
      const loaded = await loadArchive(engine, {
        input: body,
        platforms,
        emit: (event) => {
          if (!isQuiet) emit(event)
        },
        signal,
      })
      return loaded.flatMap(({ names, imageId }) =>
        names.length === 0
          ? [{ stream: `Loaded image ID: ${imageId}\n` }]
          : names.map((name) => ({ stream: `Loaded image: ${name}\n` })),
      )
    }),
  )
}

/** Waits for the first bytes, so that the status says whether there is an archive. */
async function begun(bytes: Bytes): Promise<Bytes> {
  const iterator = bytes[Symbol.asyncIterator]()
  let first: IteratorResult<Uint8Array> | undefined = await iterator.next()
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = first ?? (await iterator.next())
        first = undefined
        return result
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  }
}

/** A response with a tar archive. */
export function archive(bytes: Bytes, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(toReadableStream(bytes), {
    headers: { 'Content-Type': 'application/x-tar', ...headers },
  })
}
