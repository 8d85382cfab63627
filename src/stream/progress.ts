/** Called with each progress event. It is synchronous and must not throw. */
export type Emit = (event: ProgressEvent) => void

/** `id` is a digest, the digest of a vertex, or the ID of a container; sizes are bytes. */
export type ProgressEvent =
  | StepEvent
  | ExplainEvent
  | {
      readonly type: 'transfer'
      readonly id: string
      readonly action:
        | 'download'
        | 'upload'
        | 'unpack'
        | 'exists'
        | 'mount'
        | 'compress'
        | 'read'
        | 'retry'
      readonly current: number
      readonly total?: number
      readonly done?: boolean
    }
  | {
      readonly type: 'log'
      readonly id: string
      readonly stream: 'stdout' | 'stderr'
      readonly data: Uint8Array
    }
  | {
      readonly type: 'warning'
      readonly message: string
      /** The build check that found it. */
      readonly rule?: string
      /** The line of the Dockerfile that it means. */
      readonly place?: { readonly file: string; readonly line: number; readonly text: string }
    }
  | { readonly type: 'status'; readonly message: string }

export interface StepEvent {
  readonly type: 'step'
  readonly id: string
  /** In the format of BuildKit: `[build 2/4] RUN make`. */
  readonly name: string
  readonly state: 'started' | 'cached' | 'done' | 'failed' | 'canceled'
  /** Milliseconds, only for `done` and `failed`. */
  readonly duration?: number
  readonly error?: string
}

/** Says whether a step of a build runs, and why. */
export interface ExplainEvent {
  readonly type: 'explanation'
  readonly id: string
  readonly name: string
  /** `unsure`: the step runs unless the steps below it give the results that they gave before. */
  readonly outcome: 'run' | 'cached' | 'unsure'
  /** The differences from the last build. Empty for a cached step. */
  readonly causes: readonly MissCause[]
  /** The number of causes that are left out, because there are many. */
  readonly omitted: number
}

/** One difference between a step and the same step of the last build. */
export interface MissCause {
  /**
   * - `new`: no earlier result is known.
   * - `uncached`: the user asked for a new result.
   * - `instruction`: its text; `setting`: what it inherits or is given, such as the user.
   * - `file`: a file that it copies; `argument`, `environment`: a variable.
   * - `base`: the image it begins with; `step`: the result of the step below it.
   * - `source`: an image or a step that it copies from or mounts; `mount`: a mount.
   * - `time`: the time that it writes; `builder`: the version of the builder.
   * - `lost`: nothing differs, but the earlier result is not in the store.
   */
  readonly kind:
    | 'new'
    | 'uncached'
    | 'instruction'
    | 'setting'
    | 'file'
    | 'argument'
    | 'environment'
    | 'base'
    | 'step'
    | 'source'
    | 'mount'
    | 'time'
    | 'builder'
    | 'lost'
  /** What differs: a path, a name, a reference, the name of a step. */
  readonly subject: string
  /** One short line. Absent when there was nothing, or when it says nothing. */
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** Ignores every event. */
export const silent: Emit = () => {}
