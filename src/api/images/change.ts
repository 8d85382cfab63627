import { parsePruneFilters } from '#docker/filters/prune-filters'
import { removeImage } from '#engine/collect/remove'
import { removePlatforms } from '#engine/collect/remove-platforms'
import { findTarget } from '#engine/image/find-target'
import { tagImage } from '#engine/image/tag'
import { push as pushImage } from '#engine/push/push'
import { pruneImages } from '#engine/store/prune-images'
import { familiarReference, parsePlatform, parseReference } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { done, orNull, reply, stream } from '../reply.ts'
import { imageName } from './find.ts'
import { readPlatforms } from './platforms.ts'
import { progressLines } from './progress.ts'
import { engineFor } from './registry-auth.ts'

/** `POST /images/{name}/tag`. */
export async function tag(call: ApiCall): Promise<Response> {
  const repository = call.query.text('repo')
  if (repository === undefined) throw new ApiError(400, 'no repository name given')
  const word = call.query.text('tag')
  await tagImage(
    call.engine,
    imageName(call),
    word === undefined ? repository : `${repository}:${word}`,
  )
  return done(201)
}

/** `POST /images/{name}/push`. */
export async function push(call: ApiCall): Promise<Response> {
  const { params, query, signal } = call
  const word = query.text('tag')
  const name = word === undefined ? (params['name'] ?? '') : `${params['name']}:${word}`
  const [platform] = readPlatforms(call, 'platform', 46) ?? []
  const engine = engineFor(call, name)
  return stream(
    progressLines(async (emit) => {
      emit({ type: 'status', message: `The push refers to repository [${params['name']}]` })
      if (findTarget(engine.records, name) === undefined) {
        const familiar = familiarReference(parseReference(name))
        throw new ApiError(404, `tag does not exist: ${familiar}`)
      }
      const {
        tag: moved,
        digest,
        size,
      } = await pushImage(engine, name, {
        platform,
        emit: (event) => {
          if (event.type !== 'status') emit(event)
        },
        signal,
      })
      return [
        { status: `${moved}: digest: ${digest} size: ${size}` },
        { progressDetail: {}, aux: { Tag: moved, Digest: digest, Size: size } },
      ]
    }),
  )
}

/** `DELETE /images/{name}`. */
export async function remove(call: ApiCall): Promise<Response> {
  const options = { force: call.query.flag('force') }
  const platforms = readPlatforms(call, 'platforms', 50)
  const name = imageName(call)
  const { untagged, deleted } =
    platforms === undefined
      ? await removeImage(call.engine, name, options)
      : await removePlatforms(call.engine, name, platforms.map(parsePlatform), options)
  return reply(removedDocuments(untagged, deleted))
}

/** `POST /images/prune`. Without the filter `dangling=false`, only images without a name go. */
export async function prune({ engine, query }: ApiCall): Promise<Response> {
  const words = query.filters()
  const wrong = words.find((word) => /^dangling=(?!(true|false|1|0)$)/.test(word))
  if (wrong !== undefined) throw new ApiError(400, `invalid filter '${wrong}'`)
  const isAll = words.some((word) => /^dangling=(false|0)$/.test(word))
  const filter = parsePruneFilters(words.filter((word) => !word.startsWith('dangling=')))
  const { untagged, images, reclaimed } = await pruneImages(engine, { all: isAll, filter })
  const removed = orNull(removedDocuments(untagged, images))
  return reply({ ImagesDeleted: removed, SpaceReclaimed: reclaimed })
}

function removedDocuments(
  untagged: readonly string[],
  deleted: readonly string[],
): readonly Readonly<Record<string, string>>[] {
  return [
    ...untagged.map((name) => ({ Untagged: name })),
    ...deleted.map((id) => ({ Deleted: id })),
  ]
}
