import { type CharClass, inClass, type Token } from './glob.ts'

/** A `**` inside a name (`a**b`): nothing, or any text up to and including a slash. */
export const deep = { kind: 'deep' } as const

/** One character's worth of pattern; `skip` is what a `deep` becomes once it has taken something. */
type Step = number | { readonly kind: 'any' | 'star' | 'deep' | 'skip' } | CharClass

/** A glob over whole paths, for the rare pattern that cannot be matched name by name. */
export interface DeepGlob {
  readonly steps: readonly Step[]
  /** No shorter path can match. */
  readonly minLength: number
}

export function compileDeepGlob(tokens: readonly (Token | typeof deep)[]): DeepGlob {
  const steps: Step[] = []
  let minLength = 0
  for (const token of tokens) {
    if (typeof token === 'string') {
      const codes = Array.from(token, (char) => char.codePointAt(0) ?? 0)
      minLength += codes.length
      for (const code of codes) {
        steps.push(code)
      }
    } else if (token === deep) {
      steps.push(deep, { kind: 'skip' })
    } else {
      minLength += 'ranges' in token || token.kind === 'any' ? 1 : 0
      steps.push(token)
    }
  }
  return { steps, minLength }
}

/**
 * True when the pattern matches `path` or a directory above it. Keeps the set
 * of all positions in the pattern that are possible so far, so the time is at
 * most the pattern times the path: nothing is tried twice.
 */
export function matchDeepGlob({ steps, minLength }: DeepGlob, path: string): boolean {
  if (path.length < minLength) {
    return false
  }
  const seen = new Int32Array(steps.length + 1)
  let round = 1
  let states: number[] = []
  enter(steps, states, { state: 0, seen, round })
  for (const char of path) {
    if (char === '/' && seen[steps.length] === round) {
      return true
    }
    round++
    const code = char.codePointAt(0) ?? 0
    const next: number[] = []
    for (const state of states) {
      const move = moveOf(steps[state], code)
      if (move !== 'next' && move !== 'none') {
        enter(steps, next, { state, seen, round })
      }
      if (move !== 'stay' && move !== 'none') {
        enter(steps, next, { state: state + 1, seen, round })
      }
    }
    if (next.length === 0) {
      return false
    }
    states = next
  }
  return seen[steps.length] === round
}

interface Entry {
  readonly state: number
  /** The round in which each state was entered last. */
  readonly seen: Int32Array
  readonly round: number
}

/** Adds a state and those it leads to without taking a character. */
function enter(steps: readonly Step[], states: number[], { state, seen, round }: Entry): void {
  for (let at = state; seen[at] !== round; at++) {
    seen[at] = round
    states.push(at)
    const step = steps[at]
    if (typeof step !== 'object' || !('kind' in step)) {
      return
    }
    if (step.kind === 'deep') {
      at++
      if (seen[at] !== round) {
        seen[at] = round
        states.push(at)
      }
    } else if (step.kind !== 'star') {
      return
    }
  }
}

/** Where a character leads from a step. */
function moveOf(step: Step | undefined, code: number): 'none' | 'next' | 'stay' | 'both' {
  const slash = code === 0x2f
  if (step === undefined) {
    return 'none'
  }
  if (typeof step === 'number') {
    return step === code ? 'next' : 'none'
  }
  if ('ranges' in step) {
    return !slash && inClass(step, code) ? 'next' : 'none'
  }
  switch (step.kind) {
    case 'any':
      return slash ? 'none' : 'next'
    case 'star':
      return slash ? 'none' : 'stay'
    case 'skip':
      return slash ? 'both' : 'stay'
    case 'deep':
      return 'none'
  }
}
