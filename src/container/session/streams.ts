/** Descriptors of the terminal, pipe or file a user sits at. */
export interface UserStreams {
  readonly stdin: number
  readonly stdout: number
  readonly stderr: number
}

export const standardStreams: UserStreams = { stdin: 0, stdout: 1, stderr: 2 }
