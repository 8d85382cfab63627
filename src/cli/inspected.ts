import type { DocumentFormat } from '#docker/formats/documents'
import type { DocumentKind } from '#docker/types/document-types'
import type { Context } from './context.ts'
import { formatKind, printDocument } from './format.ts'
import { renderError } from './render/error.ts'

/** A document, and the object that it describes. */
export interface InspectedDocument {
  readonly kind: DocumentKind
  readonly document: object
}

/**
 * Prints the documents of names: as a list of JSON, or one after the other by a template.
 * A name that fails does not stop those after it; the exit code is 1 then.
 */
export async function printInspected(
  context: Context,
  names: readonly string[],
  { format, find }: InspectOptions,
): Promise<void> {
  const printer = await openPrinter(context, format)
  for (const name of names) {
    try {
      printer.add(await find(name))
    } catch (error) {
      renderError(context.err, error, context.debug)
      context.exitCode = 1
    }
  }
  printer.end()
}

export interface InspectOptions {
  readonly format: string | undefined
  readonly find: (name: string) => InspectedDocument | Promise<InspectedDocument>
}

interface Printer {
  /** May throw `FormatError`. */
  add(inspected: InspectedDocument): void
  end(): void
}

async function openPrinter(context: Context, format: string | undefined): Promise<Printer> {
  return format !== undefined && formatKind(format) === 'template'
    ? templatePrinter(context, format)
    : listPrinter(context, format)
}

function listPrinter({ out }: Context, format: string | undefined): Printer {
  const documents: object[] = []
  return {
    add: ({ document }) => documents.push(document),
    end: () => printDocument(out, documents, format),
  }
}

/** Prints at the end, and a single line break if there was nothing, as Docker does. */
async function templatePrinter({ out }: Context, text: string): Promise<Printer> {
  const { formatInspected } = await import('#docker/formats/documents')
  const { openDocumentFormat } = await import('./templates.ts')
  const format: DocumentFormat = openDocumentFormat(out, text)
  let printed = ''
  return {
    add({ document, kind }) {
      printed += `${formatInspected(format, document, kind)}\n`
    },
    end: () => out.write(printed || '\n'),
  }
}
