import type { Optional, Signature } from './value.ts'

/** A function that templates can call. It is called with values of the types of its signature. */
export interface TemplateFunction extends Signature {
  /** Throws `CallError`. */
  call(args: readonly Optional[], charge: Charge): Optional
}

/** Counts bytes that a template makes. Throws when there are too many. */
export type Charge = (bytes: number) => void

/** The reason why a function cannot return a value, in Go's words. */
export class CallError extends Error {
  override readonly name = 'CallError'
}
