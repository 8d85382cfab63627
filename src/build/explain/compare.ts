import type { MissCause } from '#stream'
import { changedParts } from './compare-operations.ts'
import { type InputState, type StepInputs, textOf } from './inputs.ts'
import { shorten } from './values.ts'

/**
 * Returns what differs between the inputs of a step in the last build and now, the causes of the
 * step itself first. `lost` is the only cause when nothing differs.
 */
export function compareInputs(before: StepInputs, now: StepInputs): readonly MissCause[] {
  const causes: readonly MissCause[] = [
    ...changedParts(before, now),
    ...changedFiles(before.files, now.files),
    ...changedStates(before, now),
    ...changedFact('time', before.times, now.times),
    ...changedFact('builder', before.builder, now.builder),
  ]
  if (causes.length > 0) return causes
  // The facts about a step with very many files or a very long text are not kept.
  if (before.operation['kind'] === undefined) {
    return [{ kind: 'instruction', subject: 'the instruction or its files' }]
  }
  if (before.files === undefined && Object.keys(now.files ?? {}).length > 0) {
    return [{ kind: 'file', subject: 'a file that it uses' }]
  }
  return [{ kind: 'lost', subject: now.text }]
}

function changedFact(kind: 'time' | 'builder', before: string, after: string): MissCause[] {
  return before === after ? [] : [{ kind, subject: `the ${kind}`, before, after }]
}

function values(before: string, after: string): Pick<MissCause, 'before' | 'after'> {
  return { before, after }
}

function changedFiles(before: StepInputs['files'], now: StepInputs['files']): readonly MissCause[] {
  if (before === undefined || now === undefined) return []
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  return names
    .filter((name) => before[name] !== now[name])
    .map((subject) => ({
      kind: 'file',
      subject,
      before: before[subject] && shorten(before[subject]),
      after: now[subject] && shorten(now[subject]),
    }))
}

function changedStates(before: StepInputs, now: StepInputs): readonly MissCause[] {
  const count = Math.max(before.states.length, now.states.length)
  return Array.from({ length: count }, (_, at) => at).flatMap((at) => {
    const [then, current] = [before.states[at], now.states[at]]
    if (current === undefined || then?.state === current.state) return []
    // The operation says which mount or source is new.
    if (then === undefined) return []
    // The files of this source are known, and they say more.
    if (at > 0 && Object.keys(now.files ?? {}).length > 0) return []
    return [changedState(then, current, at)]
  })
}

function changedState(then: InputState, now: InputState, at: number): MissCause {
  const kind = at > 0 ? 'source' : now.manifest !== undefined ? 'base' : 'step'
  if (now.manifest !== undefined) {
    const isSame = textOf(then.name) === textOf(now.name)
    return {
      kind,
      subject: textOf(now.name).replace(/^FROM /, ''),
      before: isSame ? then.manifest : textOf(then.name),
      after: isSame ? now.manifest : textOf(now.name),
    }
  }
  const isSame = textOf(then.name) === textOf(now.name)
  return {
    kind,
    subject: now.name,
    ...(!isSame && values(shorten(textOf(then.name)), shorten(textOf(now.name)))),
  }
}
