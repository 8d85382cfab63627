import {
  documentValue,
  executeTemplate,
  type FunctionTable,
  parseTemplate,
  type Template,
  TemplateError,
  typedValue,
  type Value,
} from '#template'
import { type DocumentKind, documentType } from '../types/document-types.ts'
import {
  bareFailures,
  eventFailures,
  type Failures,
  FormatError,
  inspectFailures,
  reportAs,
} from './format-error.ts'
import { dockerFunctions, indentingFunctions } from './functions.ts'

/** A template for documents. */
export interface DocumentFormat extends TemplateUse {
  readonly template: Template
  /** Called with the values that actions print. */
  readonly show?: ((text: string) => string) | undefined
}

/** The purpose of a template. */
export interface TemplateUse {
  /** The kind of the documents in Docker; absent for documents that Docker does not have. */
  readonly kind?: DocumentKind | undefined
  /** The name of the template in errors. */
  readonly name?: string | undefined
}

function failuresOf(kind: DocumentKind | undefined): Failures {
  if (kind === 'event') return eventFailures
  return kind === 'info' || kind === 'version' ? bareFailures : inspectFailures
}

/** buildx prints JSON on several lines, and Docker on one. */
function functionsOf(kind: DocumentKind | undefined): FunctionTable {
  const isOfBuildx = kind === 'remoteImage' || kind === 'remoteImages'
  return isOfBuildx ? indentingFunctions : dockerFunctions
}

/** Reads a template. Throws `FormatError`. */
export function parseDocumentFormat(
  format: string,
  options: Omit<DocumentFormat, 'template'> = {},
): DocumentFormat {
  const { name, kind } = options
  const text = format === 'json' ? '{{json .}}' : format
  const template = reportAs(failuresOf(kind).syntax, () =>
    parseTemplate(text, { name, functions: functionsOf(kind) }),
  )
  const parsed = { ...options, template }
  // An event may come late. A mistake in the template is reported before.
  if (kind === 'event') formatDocument({ ...parsed, show: undefined }, {})
  return parsed
}

/**
 * Formats a document whose fields have the names and types of Docker's, or without a kind
 * one that Docker does not have. Throws `FormatError`.
 */
export function formatDocument({ template, show, kind }: DocumentFormat, document: object): string {
  return reportAs(failuresOf(kind).data, () =>
    kind === undefined
      ? executeTemplate(template, documentValue(document), { show, missingKey: 'error' })
      : executeTemplate(template, typedValue(documentType(kind), document), { show }),
  )
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
      if (error.isLimit) throw new FormatError(error, inspectFailures.data)
    }
  }
  return formatDocument({ template, show }, document)
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
