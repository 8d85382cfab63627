/** What one build did. */
export interface BuilderOutcome {
  /** The last output of a build that failed. */
  readonly error?: string
  /** The names of all steps, as `[stage 2/3] RUN make`, with what became of them; in no order. */
  readonly steps: readonly BuiltStep[]
}

export interface BuiltStep {
  readonly name: string
  /** False for a step whose result came from the cache. */
  readonly ran: boolean
}

const instruction = /^\[(?:(\S+) +)? ?(\d+)\/\d+\] (\w+)/

/**
 * The instructions that ran, as `build 2 RUN`: stage, number after FROM, keyword. Builders number steps
 * otherwise if FROM names a context, and names of steps have the values of variables in one of them.
 */
export function instructionsThatRan(steps: readonly BuiltStep[]): readonly string[] {
  const parts = steps.flatMap(({ name, ran }) => {
    const [, stage = 'stage-0', number = '', keyword = ''] = instruction.exec(name) ?? []
    return keyword === ''
      ? []
      : [{ stage, number: Number(number), keyword: keyword.toUpperCase(), ran }]
  })
  // In a stage that starts from an image, strake gives the number 1 to FROM, which stages may share.
  const isFirst = new Set(
    parts
      .filter(({ number, keyword }) => number === 1 && keyword !== 'FROM')
      .map(({ stage }) => stage),
  )
  return parts
    .filter(({ keyword, ran }) => ran && keyword !== 'FROM')
    .map(({ stage, number, keyword }) => ({
      stage,
      keyword,
      at: isFirst.has(stage) ? number : number - 1,
    }))
    .sort((a, b) => (a.stage === b.stage ? a.at - b.at : a.stage < b.stage ? -1 : 1))
    .map(({ stage, at, keyword }) => `${stage} ${at} ${keyword}`)
}
