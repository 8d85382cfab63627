/** A place in a file; line and column begin at 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A mistake in a file, or in the evaluation of one of its expressions. */
export class HclError extends Error {
  readonly at: Place | undefined

  constructor(message: string, at?: Place) {
    super(message)
    this.name = 'HclError'
    this.at = at
  }
}

/** Runs `work` and adds the place to an error that has none. */
export function atPlace<T>(at: Place, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof HclError && error.at === undefined) throw new HclError(error.message, at)
    throw error
  }
}
