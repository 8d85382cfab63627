import { type CharClass, inClass, type Token } from './glob.ts'

/** A `**` inside a name (`a**b`). It matches no text, or any text up to and including a slash. */
export const deep = { kind: 'deep' } as const

/** One step of a pattern, for one character. A `deep` becomes `skip` after its first character. */
type Step = number | { readonly kind: 'any' | 'star' | 'deep' | 'skip' } | CharClass

/** A glob of whole paths, for patterns that cannot be matched name by name. */
export interface DeepGlob {
  readonly steps: readonly Step[]
  /** The length of the shortest path that can match. */
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
 * True when the pattern matches `path` or a directory above it. It keeps the set of
 * all possible positions in the pattern, so the time is at most the length of the
 * pattern times the length of the path.
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
  /** The last round in which each state was entered. */
  readonly seen: Int32Array
  readonly round: number
}

/** Adds a state, and the states that follow it without a character. */
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

/** Returns the states after a step takes a character: the same state, the next one, or both. */
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
