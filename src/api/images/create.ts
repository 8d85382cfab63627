import { importImage } from '#engine/build/import'
import { pull } from '#engine/image/pull'
import { familiarReference, parseReference } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { stream } from '../reply.ts'
import type { ProgressLine } from '../streams/line-queue.ts'
import { progressLines } from './progress.ts'
import { engineFor } from './registry-auth.ts'

/** `POST /images/create`: pulls an image, or imports the archive in the body. */
export async function create(call: ApiCall): Promise<Response> {
  const { query } = call
  const image = query.text('fromImage')
  if (image !== undefined) return stream(pulling(call, withTag(image, query.text('tag'))))
  if (query.text('fromSrc') === undefined) throw new ApiError(400, 'no image and no source given')
  if (query.text('fromSrc') !== '-')
    throw new ApiError(501, 'import of a URL is not supported here')
  return stream(importing(call))
}

/** `tag` may be a digest, or empty. */
function withTag(image: string, tag: string | undefined): string {
  if (tag === undefined) return image
  return tag.includes(':') ? `${image}@${tag}` : `${image}:${tag}`
}

function pulling(call: ApiCall, name: string): AsyncGenerator<ProgressLine> {
  const reference = familiarReference(parseReference(name))
  const engine = engineFor(call, name)
  const platform = call.query.text('platform')
  return progressLines(async (emit) => {
    emit({ type: 'status', message: `Pulling from ${parseReference(name).repository}` })
    const pulled = await pull(engine, name, {
      platform,
      signal: call.signal,
      emit: (event) => {
        if (event.type !== 'status') emit(event)
      },
    })
    const state = pulled.upToDate ? 'Image is up to date for' : 'Downloaded newer image for'
    return [{ status: `Digest: ${pulled.digest}` }, { status: `Status: ${state} ${reference}` }]
  })
}

function importing({ engine, query, request, signal }: ApiCall): AsyncGenerator<ProgressLine> {
  const [repo, tag] = [query.text('repo'), query.text('tag')]
  return progressLines(async () => {
    const { imageId } = await importImage(engine, request.body ?? emptyBody(), {
      name: repo === undefined ? undefined : withTag(repo, tag),
      changes: query.texts('changes'),
      message: query.text('message'),
      platform: query.text('platform'),
      signal,
    })
    return [{ status: imageId }]
  })
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
