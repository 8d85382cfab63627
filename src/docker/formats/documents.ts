import {
  documentValue,
  executeTemplate,
  parseTemplate,
  type Template,
  TemplateError,
  typedValue,
  type Value,
} from '#template'
import { type DocumentKind, documentType } from '../types/document-types.ts'
import { badField, badSyntax, FormatError } from './format-error.ts'
import { dockerFunctions } from './functions.ts'

/** A template for documents, such as those of `inspect`. */
export interface DocumentFormat {
  readonly template: Template
  /** Called with what actions print. */
  readonly show?: ((text: string) => string) | undefined
}

/** What a template is for. */
export interface TemplateUse {
  /** The kind of the documents in Docker; absent for documents that Docker does not have. */
  readonly kind?: DocumentKind | undefined
  /** The name of the template in errors. */
  readonly name?: string | undefined
}

type DocumentFormatOptions = Pick<DocumentFormat, 'show'> & Pick<TemplateUse, 'name'>

/** Reads a template. Throws `FormatError` with Docker's exit code 64. */
export function parseDocumentFormat(
  format: string,
  { name, show }: DocumentFormatOptions = {},
): DocumentFormat {
  try {
    const text = format === 'json' ? '{{json .}}' : format
    return { template: parseTemplate(text, { name, functions: dockerFunctions }), show }
  } catch (error) {
    throw error instanceof TemplateError ? new FormatError(error, badSyntax) : error
  }
}

/**
 * Formats a document whose fields have the names and types of Docker's, or without a kind
 * one that Docker does not have. Throws `FormatError`.
 */
export function formatDocument(
  { template, show }: DocumentFormat,
  document: object,
  kind: DocumentKind | undefined,
): string {
  try {
    return kind === undefined
      ? executeTemplate(template, documentValue(document), { show, missingKey: 'error' })
      : executeTemplate(template, typedValue(documentType(kind), document), { show })
  } catch (error) {
    throw error instanceof TemplateError ? new FormatError(error, badField) : error
  }
}

/**
 * Formats a document of `inspect`. As in Docker, a template that does not fit the types is
 * executed over the plain JSON, so that `.Id` works as well as `.ID`. Throws `FormatError`
 * for a field that the JSON does not have.
 */
export function formatInspected(
  { template, show }: DocumentFormat,
  document: object,
  kind: DocumentKind,
): string {
  const typed = tryTyped(document, kind)
  if (typed !== undefined) {
    try {
      return executeTemplate(template, typed, { show })
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      if (error.isLimit) throw new FormatError(error, badField)
    }
  }
  return formatDocument({ template, show }, document, undefined)
}

/** An image may have any JSON in its config. Returns `undefined` if its types are not Docker's. */
function tryTyped(document: object, kind: DocumentKind): Value | undefined {
  try {
    return typedValue(documentType(kind), document)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
