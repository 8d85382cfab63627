import { type Diagnostic, formatDiagnostics, type Origin, type Range } from '#dockerfile'
import { locate } from '#dockerfile/compose/locate'
import { isStrakeError, StrakeError, type StrakeErrorOptions } from '#oci'

/** The text of a Dockerfile, for excerpts in messages. */
export interface DockerfileSource {
  readonly text: string
  /** The name in messages: `Dockerfile`. */
  readonly name: string
  /** The origin of each line of a composed file. */
  readonly origins?: readonly Origin[] | undefined
}

/**
 * A Dockerfile that cannot be built. The first line of the message is the
 * sentence. An excerpt of the file follows, with `>>>` before the wrong lines.
 */
export class DockerfileError extends StrakeError {
  readonly source: DockerfileSource
  readonly diagnostics: readonly Diagnostic[]

  constructor(
    sentence: string,
    source: DockerfileSource,
    diagnostics: readonly Diagnostic[],
    options: StrakeErrorOptions = {},
  ) {
    const excerpt = excerptOf(source, diagnostics)
    super('INVALID', excerpt === '' ? sentence : `${sentence}\n${excerpt}`, options)
    this.name = 'DockerfileError'
    this.source = source
    this.diagnostics = diagnostics
  }
}

/** A single diagnostic is printed without its message, because the sentence has it. */
function excerptOf(source: DockerfileSource, diagnostics: readonly Diagnostic[]): string {
  const parts = diagnostics.map((diagnostic) => {
    const { text: of, name, range } = locate(source, source.origins, diagnostic.range)
    return formatDiagnostics(of, [{ ...diagnostic, range }], name)
  })
  const text = parts.join('\n').trimEnd()
  return diagnostics.length === 1 ? text.slice(0, text.lastIndexOf('\nERROR: ')) : text
}

/** A RUN whose command did not exit with 0. */
export class ExitError extends DockerfileError {
  /** 1-255. A process that signal n killed has 128 + n. */
  readonly status: number
  readonly argv: readonly string[]

  constructor(
    sentence: string,
    { status, argv }: { readonly status: number; readonly argv: readonly string[] },
    source: DockerfileSource,
    range?: Range,
  ) {
    super(sentence, source, range === undefined ? [] : [failure('run-failed', sentence, range)])
    this.name = 'ExitError'
    this.status = status
    this.argv = argv
  }
}

/** The files that an error is about, with the lines in them that are wrong. */
export function wrongLines({ source, diagnostics }: DockerfileError): readonly WrongLines[] {
  return diagnostics.map((diagnostic) => {
    const { text, name, range } = locate(source, source.origins, diagnostic.range)
    return { text, name, range }
  })
}

export interface WrongLines extends DockerfileSource {
  readonly range: Range
}

/** An error diagnostic for `range`. */
export function failure(rule: string, message: string, range: Range): Diagnostic {
  return { severity: 'error', rule, message, range }
}

/** Adds the lines of the Dockerfile to an error that they caused. */
export function withExcerpt(
  error: unknown,
  range: Range | undefined,
  source: DockerfileSource,
  remedy: string | undefined = isStrakeError(error) ? error.remedy : undefined,
): unknown {
  if (!isStrakeError(error) || error instanceof DockerfileError || range === undefined) return error
  const { message } = error
  return new DockerfileError(message, source, [failure('step', message, range)], {
    cause: error,
    remedy,
  })
}
