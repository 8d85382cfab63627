import type { ImageSummary } from '#engine/image/images'
import type { InspectDocument } from '../documents/document.ts'

/** What a list shows of an image besides its summary. */
export interface ListedImage {
  readonly labels: Readonly<Record<string, string>>
  /** -1 where it was not counted. */
  readonly containers: number
  /** Bytes that other images have too; -1 where they were not measured. */
  readonly shared: number
}

/** The documents of Docker's list `GET /images/json`: one for each image, with all its names. */
export async function imageListDocuments<Summary extends ImageSummary>(
  images: readonly Summary[],
  describe: (image: Summary) => Promise<ListedImage>,
): Promise<readonly InspectDocument[]> {
  const groups = Map.groupBy(images, ({ id }) => id)
  return await Array.fromAsync(groups.values(), async (rows) => {
    const [first] = rows
    if (first === undefined) throw new TypeError('a group is empty')
    const { labels, containers, shared } = await describe(first)
    return {
      Id: first.id,
      ParentId: '',
      RepoTags: rows.flatMap(({ repository, tag }) =>
        tag === '<none>' ? [] : [`${repository}:${tag}`],
      ),
      RepoDigests: [...new Set(rows.flatMap(repoDigest))],
      Created: Math.floor(first.created.getTime() / 1000),
      Size: first.size,
      SharedSize: shared,
      Labels: labels,
      Containers: containers,
      Descriptor: first.descriptor,
    }
  })
}

function repoDigest({ repository, digest }: ImageSummary): readonly string[] {
  return digest === undefined ? [] : [`${repository}@${digest}`]
}
