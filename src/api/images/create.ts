import { importImage } from '#engine/build/import'
import { pull } from '#engine/image/pull'
import { familiarReference, parsePlatform, parseReference } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { linesOf, progressResponse } from './progress.ts'
import { engineFor } from './registry-auth.ts'

/** `POST /images/create`: pulls an image, or imports the archive in the body. */
export async function create(call: ApiCall): Promise<Response> {
  const { query } = call
  const image = query.text('fromImage')
  if (image !== undefined) return await pulling(call, withTag(image, query.text('tag')))
  if (query.text('fromSrc') === undefined) throw new ApiError(400, 'no image and no source given')
  if (query.text('fromSrc') !== '-')
    throw new ApiError(501, 'import of a URL is not supported here')
  return await importing(call)
}

/** `tag` may be a digest, or empty. */
function withTag(image: string, tag: string | undefined): string {
  if (tag === undefined) return image
  return tag.includes(':') ? `${image}@${tag}` : `${image}:${tag}`
}

/** Docker names the repository once the registry has answered. */
async function pulling(call: ApiCall, name: string): Promise<Response> {
  const reference = parseReference(name)
  const engine = engineFor(call, name)
  const platform = call.query.text('platform')
  if (platform !== undefined) parsePlatform(platform)
  return await progressResponse(async (add) => {
    const begin = once(() => add([{ status: `Pulling from ${reference.repository}` }]))
    const pulled = await pull(engine, name, {
      platform,
      signal: call.signal,
      emit: (event) => {
        if (event.type === 'status') return
        begin()
        add(linesOf(event))
      },
    })
    begin()
    const state = pulled.upToDate ? 'Image is up to date for' : 'Downloaded newer image for'
    return [
      { status: `Digest: ${pulled.digest}` },
      { status: `Status: ${state} ${familiarReference(reference)}` },
    ]
  })
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}

async function importing({ engine, query, request, signal }: ApiCall): Promise<Response> {
  const [repo, tag] = [query.text('repo'), query.text('tag')]
  return await progressResponse(async () => {
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
