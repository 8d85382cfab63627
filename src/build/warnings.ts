import { type Diagnostic, type Dockerfile, isChecked, isParsingRule, type Range } from '#dockerfile'
import { locate } from '#dockerfile/compose/locate'
import type { Emit } from '#stream'
import { DockerfileError, type DockerfileSource } from './model/error.ts'

/** Emits the warnings of build checks that the Dockerfile does not skip. */
export class Warnings {
  readonly #dockerfile: Dockerfile
  readonly #source: DockerfileSource
  readonly #emit: Emit
  readonly #found: Diagnostic[]
  readonly #rules = new Set<string>()
  #lines: readonly string[] | undefined

  /** `found` is called with each violation and its place. */
  constructor(
    dockerfile: Dockerfile,
    source: DockerfileSource,
    { emit, found = [] }: { readonly emit: Emit; readonly found?: Diagnostic[] | undefined },
  ) {
    this.#dockerfile = dockerfile
    this.#source = source
    this.#emit = emit
    this.#found = found
  }

  /**
   * Emits the warnings of parsing. If there is a parse error, emits only warnings that BuildKit
   * finds before it.
   */
  emitParsed(): void {
    const { diagnostics } = this.#dockerfile
    const error = diagnostics.find(({ severity }) => severity === 'error')
    for (const { severity, rule, message, range } of diagnostics) {
      if (severity === 'error') continue
      const isSeen = isParsingRule(rule) && range.start.line < (error?.range.start.line ?? 0)
      if (error === undefined || isSeen) this.#tell(rule, message, range)
    }
  }

  /** Emits a warning of a rule that is checked after parsing. */
  readonly warn = (rule: string, message: string, range: Range): void => {
    const { checks } = this.#dockerfile
    const isWanted = checks === undefined || isChecked(checks, rule, range.start.line)
    if (isWanted) this.#tell(rule, message, range)
  }

  /** Throws when there were warnings and the Dockerfile turns warnings into errors. */
  refuseViolations(): void {
    if (this.#dockerfile.checks?.whole.error !== true || this.#rules.size === 0) return
    const rules = [...this.#rules].sort().join(', ')
    const sentence = `Cannot build ${this.#source.name}: lint violation found for rules: ${rules}`
    throw new DockerfileError(sentence, this.#source, [], {
      remedy: 'fix the warnings, or skip the rules with # check=skip=RULE',
    })
  }

  #lineAt(line: number): string {
    this.#lines ??= this.#source.text.split('\n')
    return (this.#lines[line - 1] ?? '').trimEnd()
  }

  #tell(rule: string, message: string, range: Range): void {
    this.#rules.add(rule)
    this.#found.push({ severity: 'warning', rule, message, range })
    const at = locate(this.#source, this.#source.origins, range)
    const { line } = at.range.start
    const place = { file: at.name, line, text: this.#lineAt(range.start.line) }
    this.#emit({ type: 'warning', rule, message, place })
  }
}
