import { type RowType, rowTypes } from '#docker/columns/row-types'
import { parseImageFilters } from '#docker/filters/image-filters'
import type { Engine } from '#engine/engine'
import { type ImageSummary, type ListImagesOptions, listImages } from '#engine/image/images'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { formatAge, formatInstant, formatSize, shortId } from '../render/units.ts'

interface Options {
  readonly all?: true
  readonly digests?: true
  readonly filter?: readonly string[]
  readonly format?: string
  readonly quiet?: true
  readonly tree?: true
  readonly trunc: boolean
}

export function define(context: Context): Command {
  return new Command('images')
    .description('List images, newest first')
    .argument('[repository[:tag]]', 'only images with this name')
    .option('-a, --all', 'show images without a name too')
    .option('--digests', 'show digests')
    .option('-f, --filter <condition>', 'dangling=, label=, reference=, before=, since=', collect)
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-trunc', 'show whole IDs')
    .option('-q, --quiet', 'only IDs')
    .option('--tree', 'show the platforms below each image')
    .examples('strake images --digests debian')
    .action(async (reference: string | undefined, options: Options) => {
      const engine = await context.engine()
      const wanted = {
        all: options.all === true,
        filters: parseImageFilters(options.filter ?? []),
        reference,
      }
      if (options.tree) return await printTree(context, engine, wanted, options)
      const images = await listImages(engine, wanted)
      await print(context, engine, images, options)
    })
}

async function printTree(
  context: Context,
  engine: Engine,
  wanted: ListImagesOptions,
  { digests, format, quiet, trunc }: Options,
): Promise<void> {
  const refused = [
    ['--digests', digests],
    ['--format', format],
    ['--quiet', quiet],
    ['--no-trunc', !trunc || undefined],
  ].find(([, value]) => value !== undefined)
  if (refused !== undefined) {
    throw new StrakeError(
      'INVALID',
      `Cannot use ${refused[0]} with --tree: the tree is for reading`,
    )
  }
  const { imageTree } = await import('#engine/usage/image-tree')
  const { formatImageTree } = await import('../images/image-tree.ts')
  context.out.write(formatImageTree(await imageTree(engine, wanted)))
}

async function print(
  context: Context,
  engine: Engine,
  images: readonly ImageSummary[],
  options: Options,
): Promise<void> {
  const id = (image: ImageSummary): string => (options.trunc ? shortId(image.id) : image.id)
  if (options.quiet && formatKind(options.format) === 'usual') {
    context.out.write([...new Set(images.map(id))].map((text) => `${text}\n`).join(''))
    return
  }
  const count = await counter(engine, options.format)
  const rows = images.map((image) => ({
    Repository: image.repository,
    Tag: image.tag,
    Digest: image.digest ?? '<none>',
    ID: id(image),
    CreatedSince: formatAge(image.created),
    // A function, because the time zone costs milliseconds and no table shows it.
    CreatedAt: () => formatInstant(image.created),
    Size: formatSize(image.size),
    VirtualSize: formatSize(image.size),
    Containers: () => count(image.id),
    SharedSize: 'N/A',
    UniqueSize: 'N/A',
  }))
  const digest = options.digests ? [{ title: 'DIGEST', key: 'Digest' } as const] : []
  const columns = [
    { title: 'REPOSITORY', key: 'Repository' },
    { title: 'TAG', key: 'Tag' },
    ...digest,
    { title: 'IMAGE ID', key: 'ID' },
    { title: 'CREATED', key: 'CreatedSince' },
    { title: 'SIZE', key: 'Size' },
  ] as const
  const format = options.digests ? withDigest(options.format) : options.format
  const type = options.digests ? digestType : rowTypes.image
  await printListing(context.out, { type, columns, rows }, format)
}

/** Loads the code that counts containers only for a format that may show their number. */
async function counter(engine: Engine, format?: string): Promise<(id: string) => string> {
  if (formatKind(format) === 'usual') return () => 'N/A'
  const [{ containersOf }, { getTarget }] = await Promise.all([
    import('#engine/image/image-use'),
    import('#engine/image/find-target'),
  ])
  return (id) => String(containersOf(engine, getTarget(engine.records, id).images).length)
}

/** `--digests` adds a line to `--format raw`. */
const digestType: RowType = {
  ...rowTypes.image,
  raw: rowTypes.image.raw?.replace(/^image_id/m, 'digest: {{.Digest}}\nimage_id') ?? '',
}

/** `--digests` adds a column to a table of any template. */
function withDigest(format: string | undefined): string | undefined {
  const isTable = formatKind(format) === 'template' && format?.startsWith('table') === true
  return isTable && !format.includes('{{.Digest}}') ? `${format}\t{{.Digest}}` : format
}
