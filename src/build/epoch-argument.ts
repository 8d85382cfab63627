import type { Dockerfile, Stage } from '#dockerfile'
import { type GlobalOptions, GlobalScope } from './plan/globals.ts'
import { createExpander } from './plan/stage.ts'
import { TextBudget } from './variables/text-budget.ts'

/** The argument for the time of a build. */
export const epochVariable = 'SOURCE_DATE_EPOCH'

/** Returns the time of a context or a stage, in seconds since 1970. `expand` is for words of a stage. */
export type FindEpoch = (
  name: string,
  expand: (word: string, stage: Stage) => string,
) => Promise<number>

/**
 * Replaces the value of SOURCE_DATE_EPOCH by a number when it names a context or a stage, so that ARGs
 * and commands see the number. Numbers are read later.
 */
export async function resolveEpoch(
  dockerfile: Dockerfile,
  options: Omit<GlobalOptions, 'budget' | 'targetStage'>,
  findEpoch: FindEpoch,
): Promise<void> {
  const { buildArgs, source } = options
  const isDeclared = dockerfile.args.some(({ args }) =>
    args.some(({ key }) => key === epochVariable),
  )
  if (buildArgs.get(epochVariable) === undefined && !isDeclared) return
  const budget = new TextBudget()
  const globals = new GlobalScope(dockerfile, { ...options, budget, targetStage: '' }).values
  const name = buildArgs.get(epochVariable) ?? globals.get(epochVariable) ?? ''
  if (name === '' || /^[\d+-]/.test(name)) return
  const expand = (word: string, stage: Stage): string => {
    const values = new Map(globals)
    const expander = (range: Stage['from']['range']) =>
      createExpander((key) => values.get(key), range, {
        source,
        budget,
        escape: dockerfile.directives.escape,
      })
    for (const each of stage.instructions) {
      if (each.kind !== 'ARG') continue
      for (const { key, value } of each.args) {
        const given = buildArgs.get(key) ?? (value && expander(each.range).one(value))
        if (given !== undefined) values.set(key, given)
      }
    }
    return expander(stage.from.range).one(word)
  }
  buildArgs.set(epochVariable, String(await findEpoch(name, expand)))
}
