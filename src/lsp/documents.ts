import { applyEdits } from '#dockerfile/fix/edits'
import { type Analysis, analyze } from '#dockerfile/scope/analysis'
import { listAt, member, rangeAt, textAt } from './params.ts'
import { errorCodes, RequestError } from './protocol.ts'

/** An editor opens some files, and a hostile client any number. */
const maxDocuments = 1000
/** The length of one document in UTF-16 units, as in a build. */
const maxLength = 10 * 1024 * 1024
/** The length of all open documents together, in UTF-16 units. */
const maxTotal = 100 * 1024 * 1024

/** The Dockerfiles that are open in an editor. */
export class Documents {
  readonly #texts = new Map<string, string>()
  readonly #analyses = new Map<string, Analysis>()
  #total = 0

  open(params: unknown): string {
    const uri = textAt(params, 'textDocument', 'uri')
    if (this.#texts.size >= maxDocuments && !this.#texts.has(uri)) {
      throw refuse(`more than ${maxDocuments} files are open`)
    }
    this.#set(uri, textAt(params, 'textDocument', 'text'))
    return uri
  }

  /** Makes whole and partial changes, in their order. */
  change(params: unknown): string {
    const uri = textAt(params, 'textDocument', 'uri')
    let text = this.#text(uri)
    for (const change of listAt(params, 'contentChanges')) {
      const inserted = textAt(change, 'text')
      const isWhole = member(change, 'range') === undefined
      text = isWhole ? inserted : applyEdits(text, [{ range: ordered(change), text: inserted }])
      if (text.length > maxLength) throw refuse('the file is larger than 10 MiB')
    }
    this.#set(uri, text)
    return uri
  }

  close(params: unknown): string {
    const uri = textAt(params, 'textDocument', 'uri')
    this.#forget(uri)
    return uri
  }

  /** Analyses a document once for each of its versions. */
  analysis(uri: string): Analysis {
    const known = this.#analyses.get(uri)
    if (known !== undefined) return known
    const made = analyze(this.#text(uri))
    this.#analyses.set(uri, made)
    return made
  }

  has(uri: string): boolean {
    return this.#texts.has(uri)
  }

  #text(uri: string): string {
    const text = this.#texts.get(uri)
    if (text === undefined) throw refuse('the file is not open')
    return text
  }

  #set(uri: string, text: string): void {
    if (text.length > maxLength) throw refuse('the file is larger than 10 MiB')
    const total = this.#total - (this.#texts.get(uri)?.length ?? 0) + text.length
    if (total > maxTotal) throw refuse('the open files are larger than 100 MiB')
    this.#texts.set(uri, text)
    this.#analyses.delete(uri)
    this.#total = total
  }

  #forget(uri: string): void {
    this.#total -= this.#texts.get(uri)?.length ?? 0
    this.#texts.delete(uri)
    this.#analyses.delete(uri)
  }
}

function ordered(change: unknown): ReturnType<typeof rangeAt> {
  const { start, end } = rangeAt(change, 'range')
  const isOrdered = start.line < end.line || (start.line === end.line && start.column <= end.column)
  return isOrdered ? { start, end } : { start: end, end: start }
}

function refuse(reason: string): RequestError {
  return new RequestError(errorCodes.invalidParams, reason)
}
