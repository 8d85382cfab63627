import { importImage } from '#engine/build/import'
import { pull } from '#engine/image/pull'
import { familiarReference, parsePlatform, parseReference } from '#oci'
import type { ProgressEvent } from '#stream'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import type { ProgressLine } from '../streams/line-queue.ts'
import { linesOf, progressResponse } from './progress.ts'
import { engineFor } from './registry-auth.ts'

/** `POST /images/create`: pulls an image, or imports the archive in the body. */
export async function create(call: ApiCall): Promise<Response> {
  const { query } = call
  const image = query.text('fromImage')
  if (image !== undefined) return await pulling(call, withTag(image, query.text('tag')))
  const source = query.text('fromSrc')
  if (source === undefined) throw new ApiError(400, 'no image and no source given')
  return await importing(call, source === '-' ? undefined : urlOf(source))
}

/** A source without a scheme is on a web server. No source is a file of this machine. */
function urlOf(source: string): string {
  const url = source.includes('://') ? source : `http://${source}`
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url
  throw new ApiError(400, `Cannot import ${source}: it is no URL of a web server`)
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

/** Imports the archive of a web server, or else that in the body. */
async function importing(
  { engine, query, request, signal }: ApiCall,
  url: string | undefined,
): Promise<Response> {
  const [repo, tag] = [query.text('repo'), query.text('tag')]
  return await progressResponse(async (add) => {
    const { imageId } = await importImage(engine, url ?? request.body ?? emptyBody(), {
      name: repo === undefined ? undefined : withTag(repo, tag),
      changes: query.texts('changes'),
      message: query.text('message'),
      platform: query.text('platform'),
      signal,
      // Docker shows the progress of a download only.
      emit: url === undefined ? undefined : (event) => add(importLines(event)),
    })
    return [{ status: imageId }]
  })
}

function importLines(event: ProgressEvent): readonly ProgressLine[] {
  if (event.type !== 'transfer') return linesOf(event)
  if (event.action !== 'read' || event.done) return []
  return [{ status: 'Importing', progressDetail: { current: event.current } }]
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
