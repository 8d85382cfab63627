/** What one build did. */
export interface BuilderOutcome {
  /** The last output of a build that failed. */
  readonly error?: string
  /** The names of the steps that ran, as `[stage 2/3] RUN make`; in no order. */
  readonly ran: readonly string[]
}

/** The steps that may be cached: those of instructions, without FROM and without loading. */
export function instructionsOf(ran: readonly string[]): readonly string[] {
  return ran
    .filter((name) => /^\[[^\]]* \d+\/\d+\] /.test(name) && !/^\[[^\]]*\] FROM /.test(name))
    .sort()
}
