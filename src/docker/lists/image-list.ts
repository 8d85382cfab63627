import type { ImageSummary } from '#engine/image/images'
import type { InspectDocument } from '../documents/document.ts'

/** The documents of Docker's list `GET /images/json`: one for each image, with all its names. */
export function imageListDocuments(
  images: readonly ImageSummary[],
  containersOf: (id: string) => number,
): readonly InspectDocument[] {
  return [...Map.groupBy(images, ({ id }) => id)].map(([id, rows]) => {
    const [first] = rows
    return {
      Id: id,
      ParentId: '',
      RepoTags: rows.flatMap(({ repository, tag }) =>
        tag === '<none>' ? [] : [`${repository}:${tag}`],
      ),
      RepoDigests: [
        ...new Set(
          rows.flatMap(({ repository, digest }) =>
            digest === undefined ? [] : [`${repository}@${digest}`],
          ),
        ),
      ],
      Created: Math.floor((first?.created.getTime() ?? 0) / 1000),
      Size: first?.size ?? 0,
      SharedSize: -1,
      Labels: null,
      Containers: containersOf(id),
    }
  })
}
