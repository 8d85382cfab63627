import { inspectRemote } from '#engine/registry/inspect-remote'
import { formatReference, parseReference, StrakeError } from '#oci'
import { toBuffer } from '#stream'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind } from '../format.ts'
import { formatRemoteImage } from '../render/build/remote-image.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly format?: string
  readonly raw?: true
}

/** Adds `imagetools` to `builder`: images of registries, without pulling them. */
export function addImagetools(builder: Command, context: Context): void {
  const command = builder
    .command('imagetools')
    .description('Images of registries')
    .examples('strake buildx imagetools inspect localhost:5000/app')
  command
    .command('inspect')
    .description('Show an image of a registry: its platforms, attestations and configuration')
    .argument('<image>', 'an image of a registry')
    .option('--builder <name>', '', { hidden: true })
    .option(
      '--format <format>',
      'json, or a Go template over .Manifest, .Image, .SBOM, .Provenance',
    )
    .option('--raw', 'the manifest as the registry has it')
    .examples("strake buildx imagetools inspect localhost:5000/app --format '{{json .Provenance}}'")
    .action((image: string, options: Options) => inspect(context, image, options))
  command.addCommand(defineCreate(context))
}

interface CreateOptions {
  readonly annotation?: readonly string[]
  readonly append?: true
  readonly dryRun?: true
  readonly file?: readonly string[]
  readonly metadataFile?: string
  readonly platform?: readonly string[]
  readonly preferIndex: boolean
  readonly tag?: readonly string[]
}

function defineCreate(context: Context): Command {
  return new Command('create')
    .description('Make an image of several platforms from images of registries')
    .argument('[sources...]', 'images of registries, or digests in the repository of the first')
    .option('--annotation <key=value>', 'an annotation: index:KEY=VALUE', collect)
    .option('--append', 'add to the image that the first tag has now')
    .option('--builder <name>', '', { hidden: true })
    .option('--dry-run', 'print the index and push nothing')
    .option('-f, --file <file>', 'a file with a source: a name, digest or descriptor', collect)
    .option('--metadata-file <file>', 'write digest and names into a file, in JSON')
    .option('-p, --platform <platforms>', 'keep only images for these', collect)
    .option('--prefer-index', 'false copies a single image as it is, without an index of it', {
      default: true,
    })
    .option('--progress <kind>', '', { hidden: true })
    .option('-t, --tag <name[:tag]>', 'a name for the result', collect)
    .examples('strake buildx imagetools create -t localhost:5000/app localhost:5000/app:a b')
    .action((sources: readonly string[], options: CreateOptions) =>
      create(context, sources, options),
    )
}

async function create(
  context: Context,
  given: readonly string[],
  { tag: tags = [], dryRun, append, annotation = [], file = [], ...options }: CreateOptions,
): Promise<void> {
  if (tags.length === 0 && dryRun !== true) {
    throw new StrakeError('INVALID', 'Cannot push the index: it has no name', {
      remedy: 'name it with --tag, or print it with --dry-run',
    })
  }
  const { combineRemote } = await import('#engine/registry/create-remote')
  const { parseAnnotation } = await import('#docker/build/run')
  const { parsePlatforms } = await import('#docker/build/request')
  const { parseImageSource } = await import('#docker/build/image-source')
  const { writeTextFile } = await import('#engine/archive/output-file')
  const { emit } = renderTransfers(context.err)
  const texts = await Array.fromAsync(file, readSource)
  const own = [...texts, ...given].map(parseImageSource)
  if (own.length === 0) {
    throw new StrakeError('INVALID', 'Cannot create the index: it has no source', {
      remedy: 'name an image, or give a file with --file',
    })
  }
  const sources = append === true ? [...tags.slice(0, 1), ...own] : own
  const combined = await combineRemote(await context.engine(), sources, {
    tags,
    platforms: parsePlatforms(options.platform ?? []),
    annotations: annotation.map(parseAnnotation),
    prefersIndex: options.preferIndex,
    emit,
    signal: context.signal,
  })
  if (dryRun === true) {
    const index: unknown = JSON.parse(new TextDecoder().decode(combined.raw))
    return context.out.write(`${JSON.stringify(index, undefined, 2)}\n`)
  }
  await combined.push()
  if (options.metadataFile === undefined) return
  const metadata = {
    'containerimage.descriptor': combined.descriptor,
    // As in buildx: the repositories, without tags.
    'image.name': [...new Set(tags.map(repositoryOf))].sort().join(','),
  }
  await writeTextFile(options.metadataFile, JSON.stringify(metadata, undefined, 2))
}

function repositoryOf(tag: string): string {
  const { registry, repository } = parseReference(tag)
  return formatReference({ registry, repository })
}

/** Reads a source from a file; `-` is standard input. */
async function readSource(file: string): Promise<string> {
  const { findArchive, readArchive } = await import('#engine/archive/archive-file')
  const { largestSource } = await import('#docker/build/image-source')
  const bytes = readArchive(await findArchive('read', file))
  return new TextDecoder().decode(await toBuffer(bytes, largestSource, file))
}

async function inspect(context: Context, image: string, { format, raw }: Options): Promise<void> {
  if (format !== undefined && raw === true) {
    throw new StrakeError('INVALID', 'Cannot use --format and --raw together')
  }
  const { emit } = renderTransfers(context.err)
  const options = { emit, signal: context.signal }
  const found = await inspectRemote(await context.engine(), image, options)
  if (raw === true) {
    // Without a line break at the end, the digest of the output is that of the manifest.
    return context.out.write(new TextDecoder().decode(found.raw))
  }
  if (format === undefined || formatKind(format) === 'usual' || isWholeManifest(format)) {
    return context.out.write(formatRemoteImage(found))
  }
  const { remoteImageDocument } = await import('#docker/documents/remote-image')
  const { formatDocument } = await import('#docker/formats/documents')
  const { openDocumentFormat } = await import('../templates.ts')
  const { kind, document } = remoteImageDocument(found, await found.platforms())
  const text = format === 'json' ? '{{json .}}' : format
  context.out.write(formatDocument(openDocumentFormat(context.out, text, { kind }), document))
}

/** As in buildx, the template of the default has the form of the default. */
function isWholeManifest(format: string): boolean {
  return /^\{\{\s*\.Manifest\s*\}\}$/.test(format.trim())
}
