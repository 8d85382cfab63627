/** Called with each progress event. It is synchronous and must not throw. */
export type Emit = (event: ProgressEvent) => void

/** `id` is a digest, the digest of a vertex, or the ID of a container; sizes are bytes. */
export type ProgressEvent =
  | StepEvent
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
  | { readonly type: 'warning'; readonly message: string; readonly rule?: string }
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

/** Ignores every event. */
export const silent: Emit = () => {}
