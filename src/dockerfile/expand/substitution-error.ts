/**
 * A word whose variables cannot be substituted. The message is one clause, to be used
 * after a colon.
 */
export class SubstitutionError extends Error {
  /** The word that was being expanded. */
  readonly source: string

  constructor(message: string, source: string) {
    super(message)
    this.name = 'SubstitutionError'
    this.source = source
  }
}
