import type { KeyParts } from './key.ts'
import type { Work } from './runner.ts'
import { definitionOf, ignoresCache, type StepContext } from './workspace.ts'

/** The inputs of a step the last time that it ran. */
interface Inputs {
  readonly parts: KeyParts
  readonly files: Readonly<Record<string, string>>
}

/** Emits why a step has to run, if the build has the option `explain`. */
export function explainMiss(context: StepContext, work: Work): void {
  const { facts, services } = context
  if (!facts.explain) return
  const before = readInputs(services.cache.inputsOf(definitionOf(context)))
  const reason = ignoresCache(context)
    ? 'the cache is not used'
    : describeMiss(before, inputsOf(work))
  context.emit({ type: 'status', message: `${context.vertex.name}: ${reason}` })
}

/** Keeps the inputs for the explanation of the next miss. */
export function rememberInputs(context: StepContext, work: Work): void {
  context.services.cache.putInputs(definitionOf(context), inputsOf(work))
}

function inputsOf({ key, summarize }: Work): Inputs {
  return { parts: key.parts, files: summarize?.() ?? {} }
}

/** One sentence without a full stop. */
export function describeMiss(before: Inputs | undefined, now: Inputs): string {
  if (before === undefined) return 'it has not been done before'
  const file = changedFile(before.files, now.files)
  const changed = (name: string): boolean => before.parts[name] !== now.parts[name]
  if (changed('operation'))
    return describeOperation(before.parts['operation'], now.parts['operation'])
  if (file !== undefined) return file
  if (changed('parent')) return 'the file system it starts from changed'
  if (changed('mounted')) return 'the mounts changed'
  if (changed('source')) return 'the stage or image it copies from changed'
  if (changed('times')) return 'SOURCE_DATE_EPOCH or the timestamp option changed'
  return 'its result is no longer in the store'
}

function changedFile(before: Inputs['files'], now: Inputs['files']): string | undefined {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  const changes = names.filter((name) => before[name] !== now[name])
  const [first] = changes
  if (first === undefined) return undefined
  const verb = !(first in before) ? 'was added' : !(first in now) ? 'was removed' : 'changed'
  const more = changes.length > 1 ? ` (and ${changes.length - 1} more)` : ''
  return `${first} ${verb}${more}`
}

function describeOperation(before: string | undefined, now: string | undefined): string {
  const variables = changedVariables(readOperation(before), readOperation(now))
  return variables.length === 0
    ? 'the instruction changed'
    : `the environment changed: ${variables.join(', ')}`
}

/** The names of ARG and ENV whose values differ, if nothing else of a RUN differs. */
function changedVariables(before: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const { env: oldEnv, ...oldRest } = before
  const { env: newEnv, ...newRest } = now
  if (JSON.stringify(oldRest) !== JSON.stringify(newRest)) return []
  if (!Array.isArray(oldEnv) || !Array.isArray(newEnv)) return []
  const differing = [...oldEnv, ...newEnv].filter(
    (line) => !(oldEnv.includes(line) && newEnv.includes(line)),
  )
  return [...new Set(differing.map((line) => String(line).split('=', 1)[0] ?? ''))]
}

function readOperation(text: string | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(text ?? '{}')
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function readInputs(value: unknown): Inputs | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!('parts' in value && 'files' in value)) return undefined
  return { parts: readTexts(value.parts), files: readTexts(value.files) }
}

function readTexts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}
