import { buildRecordDocument } from '#docker/documents/build/build-record'
import { resultDocument } from '#engine/history/attachments'
import { findBuild } from '#engine/history/history'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatKind, openDocumentWriter, printDocument } from '../format.ts'
import { formatBuildRecord } from '../render/build/build-record.ts'

/** Adds `inspect` to `history`: a record of a build, and the documents of its result. */
export function addHistoryInspect(history: Command, context: Context): void {
  const command = history
    .command('inspect')
    .description('Show a build: what it was asked for and what it used')
    .argument('[build]', 'an ID, the beginning of one, or ^1 for the build before the last')
    .option('--builder <name>', '', { hidden: true })
    .option('--format <format>', 'json, or a Go template')
    .examples('strake buildx history inspect', 'strake buildx history inspect ^1 --format json')
    .action(async (build: string | undefined, { format }: { readonly format?: string }) => {
      const record = await findBuild(await context.engine(), build)
      if (format === undefined || format === 'pretty') {
        return context.out.write(formatBuildRecord(record))
      }
      const document = buildRecordDocument(record)
      if (formatKind(format) === 'json') return printDocument(context.out, document, undefined)
      const write = await openDocumentWriter(context.out, format)
      write?.(document)
    })
  command.addCommand(defineAttachment(context))
}

interface AttachmentOptions {
  readonly platform?: string
  readonly type?: string
}

function defineAttachment(context: Context): Command {
  return new Command('attachment')
    .description('Print a document of the result of a build: a manifest or an attestation')
    .argument('[build]', 'an ID, the beginning of one, or ^1 for the build before the last')
    .argument('[digest]', 'the digest of the document')
    .option('--builder <name>', '', { hidden: true })
    .option('--platform <platform>', 'only documents about the image for it')
    .option(
      '--type <type>',
      'index, manifest, image, provenance, sbom, or a media or predicate type',
    )
    .examples('strake buildx history inspect attachment --type provenance')
    .action(
      async (
        build: string | undefined,
        digest: string | undefined,
        { platform, type }: AttachmentOptions,
      ) => {
        if (digest === undefined && platform === undefined && type === undefined) {
          throw new StrakeError('INVALID', 'Cannot choose a document: none is named', {
            remedy: 'give --type, --platform or a digest',
          })
        }
        const engine = await context.engine()
        const record = await findBuild(engine, build)
        const raw = await resultDocument(engine, record, { digest, platform, type })
        context.out.write(new TextDecoder().decode(raw))
      },
    )
}
