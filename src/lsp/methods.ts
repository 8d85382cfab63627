import { checkAnalysis } from '#dockerfile/check/check-file'
import { fixDockerfile } from '#dockerfile/fix/fixes'
import { codeActions } from '#dockerfile/language/actions'
import { completionsAt } from '#dockerfile/language/complete'
import { hoverAt } from '#dockerfile/language/hover'
import { definitionsAt, occurrenceAt, referencesAt, renameAt } from '#dockerfile/language/navigate'
import { documentSymbols } from '#dockerfile/language/symbols'
import { layoutDockerfile } from '#dockerfile/layout/layout'
import type { Analysis } from '#dockerfile/scope/analysis'
import { toCompletion, toDiagnostic, toEdit, toRange, toSymbol } from './convert.ts'
import type { Documents } from './documents.ts'
import { member, positionAt, rangeAt, textAt } from './params.ts'
import { errorCodes, RequestError } from './protocol.ts'

export interface Session {
  readonly documents: Documents
  readonly version: string
  isReference(name: string): boolean
}

type Method = (params: unknown, session: Session) => unknown

/** What the server can do, for the client. Documents are sent as changes, positions in UTF-16 units. */
const capabilities = {
  positionEncoding: 'utf-16',
  textDocumentSync: { openClose: true, change: 2 },
  completionProvider: { triggerCharacters: ['-', '=', ',', '$', '{', '#', '/'] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  codeActionProvider: { codeActionKinds: ['quickfix', 'source.fixAll'] },
  documentFormattingProvider: true,
  documentSymbolProvider: true,
}

/** The requests that the server answers. */
export const methods: Readonly<Record<string, Method>> = {
  initialize: (_params, { version }) => ({
    capabilities,
    serverInfo: { name: 'strake', version },
  }),
  shutdown: () => null,
  'textDocument/completion': (params, session) =>
    completionsAt(analysisOf(params, session), positionAt(params, 'position')).map(toCompletion),
  'textDocument/hover': (params, session) => {
    const found = hoverAt(analysisOf(params, session), positionAt(params, 'position'))
    if (found === undefined) return null
    return { contents: { kind: 'markdown', value: found.text }, range: toRange(found.range) }
  },
  'textDocument/definition': (params, session) =>
    locations(params, definitionsAt(analysisOf(params, session), positionAt(params, 'position'))),
  'textDocument/references': (params, session) => {
    const withDefinitions = member(params, 'context', 'includeDeclaration') === true
    const position = positionAt(params, 'position')
    return locations(
      params,
      referencesAt(analysisOf(params, session), position, { withDefinitions }),
    )
  },
  'textDocument/prepareRename': (params, session) => {
    const found = occurrenceAt(analysisOf(params, session), positionAt(params, 'position'))
    return found === undefined || found.isIndex ? null : toRange(found.range)
  },
  'textDocument/rename': rename,
  'textDocument/codeAction': actions,
  'textDocument/formatting': (params, session) => {
    const { text, file } = analysisOf(params, session)
    if (file.diagnostics.some(({ severity }) => severity === 'error')) return []
    return replaceAll(text, layoutDockerfile(text))
  },
  'textDocument/documentSymbol': (params, session) =>
    documentSymbols(analysisOf(params, session)).map(toSymbol),
}

function analysisOf(params: unknown, { documents }: Session): Analysis {
  return documents.analysis(textAt(params, 'textDocument', 'uri'))
}

function locations(params: unknown, ranges: readonly Parameters<typeof toRange>[0][]): object[] {
  const uri = textAt(params, 'textDocument', 'uri')
  return ranges.map((range) => ({ uri, range: toRange(range) }))
}

function rename(params: unknown, session: Session): object | null {
  const uri = textAt(params, 'textDocument', 'uri')
  const name = textAt(params, 'newName')
  try {
    const edits = renameAt(analysisOf(params, session), positionAt(params, 'position'), name)
    return edits === undefined ? null : { changes: { [uri]: edits.map(toEdit) } }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RequestError(errorCodes.invalidParams, error.message)
  }
}

function actions(params: unknown, session: Session): object[] {
  const uri = textAt(params, 'textDocument', 'uri')
  const analysis = analysisOf(params, session)
  const only = member(params, 'context', 'only')
  const wants = (kind: string): boolean =>
    !Array.isArray(only) || only.some((each) => kind === each || kind.startsWith(`${each}.`))
  const found = codeActions(analysis, diagnosticsOf(analysis, session), rangeAt(params, 'range'))
  const quick = found.map(({ title, diagnostic, edits, isPreferred }) => ({
    title,
    kind: 'quickfix',
    diagnostics: [toDiagnostic(diagnostic)],
    isPreferred,
    edit: { changes: { [uri]: edits.map(toEdit) } },
  }))
  const all = replaceAll(analysis.text, fixDockerfile(analysis.text))
  const fixAll = {
    title: 'Make all fixes',
    kind: 'source.fixAll',
    edit: { changes: { [uri]: all } },
  }
  return [
    ...(wants('quickfix') ? quick : []),
    ...(wants('source.fixAll') && all.length > 0 ? [fixAll] : []),
  ]
}

/** The diagnostics that the server publishes. */
export function diagnosticsOf(
  analysis: Analysis,
  { isReference }: Session,
): ReturnType<typeof checkAnalysis> {
  return checkAnalysis(analysis, { isReference })
}

/** Returns one edit of the whole text, none for equal texts. */
function replaceAll(before: string, after: string): object[] {
  if (before === after) return []
  const lines = before.split('\n')
  const end = { line: lines.length, column: lines.at(-1)?.length ?? 0 }
  return [toEdit({ range: { start: { line: 1, column: 0 }, end }, text: after })]
}
