import type { Glob } from '../policy/glob.ts'
import type { Notice, NoticeKind } from './cloud-event.ts'

/** A server that wants to know about changes. Times are in milliseconds. */
export interface Hook {
  /** For metrics and messages. */
  readonly name: string
  readonly url: URL
  readonly kinds: readonly NoticeKind[]
  /** Default: all repositories. */
  readonly repositories?: readonly Glob[] | undefined
  /** Returns the secrets that sign, or none. Called for every delivery, so that they can change. */
  readonly secrets: () => Promise<readonly Buffer[]>
  /** Accepts an address of this machine or of an inner network. */
  readonly allowsPrivate: boolean
  /** For one delivery. */
  readonly timeout: number
  /** The most events of one delivery. */
  readonly batch: number
  /** How long a delivery is tried again. */
  readonly giveUpAfter: number
}

/** Returns true if a hook asked for an event. */
export function wants({ kinds, repositories }: Hook, { kind, repository }: Notice): boolean {
  if (!kinds.includes(kind)) return false
  return repositories === undefined || repositories.some((glob) => glob.test(repository))
}
