import { StrakeError } from '#oci'
import type { TemplateError } from '#template'

/** A value of `--format` that cannot be used, in Docker's words. */
export class FormatError extends StrakeError {
  override readonly name = 'FormatError'
  /** The process ends with this code, as Docker does. */
  readonly exitCode: number

  constructor({ message }: TemplateError, exitCode: number) {
    super('INVALID', `template parsing error: ${message}`, {
      remedy: '--format json, which shows the names of all fields',
    })
    this.exitCode = exitCode
  }
}

/** What Docker ends with when a template has bad syntax, except in lists. */
export const badSyntax = 64
/** What Docker ends with when a template does not fit its data. */
export const badField = 1
