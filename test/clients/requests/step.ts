/** One request of the differential test. `{name}` in a path or a body stands for a value of an earlier answer. */
export interface Step {
  readonly method: string
  readonly path: string
  /** An object is sent as JSON, a text and bytes as they are. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly read?: 'all' | 'head' | 'some'
  /** Names for members of the answer that later steps use: `{ exec: 'Id' }`. */
  readonly keep?: Readonly<Record<string, string>>
  /** The answer is not recorded: the step prepares others. */
  readonly isSilent?: boolean
}

type More = Omit<Step, 'method' | 'path' | 'body'>

export const get = (path: string, more: More = {}): Step => ({ method: 'GET', path, ...more })
export const head = (path: string, more: More = {}): Step => ({ method: 'HEAD', path, ...more })
export const remove = (path: string, more: More = {}): Step => ({
  method: 'DELETE',
  path,
  ...more,
})
export const post = (path: string, body?: unknown, more: More = {}): Step => ({
  method: 'POST',
  path,
  ...(body === undefined ? {} : { body }),
  ...more,
})
export const put = (path: string, body?: unknown, more: More = {}): Step => ({
  method: 'PUT',
  path,
  ...(body === undefined ? {} : { body }),
  ...more,
})

/** Writes `filters` of a path. */
export const filters = (document: unknown): string =>
  `filters=${encodeURIComponent(JSON.stringify(document))}`

/** Headers by which a client asks for the connection. */
export const upgrade: Readonly<Record<string, string>> = { Connection: 'Upgrade', Upgrade: 'tcp' }
