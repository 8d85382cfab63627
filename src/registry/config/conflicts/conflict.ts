/** A fault that only shows when several keys are seen together. */
export interface Conflict {
  readonly path: readonly (string | number)[]
  readonly message: string
}
