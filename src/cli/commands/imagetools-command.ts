import { inspectRemote } from '#engine/registry/inspect-remote'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatKind } from '../format.ts'
import { formatRemoteImage } from '../render/build/remote-image.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly format?: string
  readonly raw?: true
}

/** `builder imagetools`: images of registries, without pulling them. */
export function defineImagetools(context: Context): Command {
  const command = new Command('imagetools').description('Images of registries')
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
  return command
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
