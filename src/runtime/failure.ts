import { StrakeError } from '#oci'

const container = 'the container'

/** A container that could not be started, with Docker's exit code for such a command. */
export class StartError extends StrakeError {
  /**
   * 127: no such command. 126: the command cannot be executed. 128 + n: signal n ended the runtime.
   * 125: anything else.
   */
  readonly exitCode: number

  constructor(exitCode: number, reason: string, what: string = container) {
    super(
      exitCode === 126 || exitCode === 127 ? 'NOT_FOUND' : 'INVALID',
      `Cannot start ${what}: ${reason}`,
    )
    this.name = 'StartError'
    this.exitCode = exitCode
  }

  /** Restores a failure from its code and message, which another process has sent as text. */
  static from(exitCode: number, message: string, what: string = container): StartError {
    return new StartError(exitCode, message.replace(`Cannot start ${container}: `, ''), what)
  }
}
