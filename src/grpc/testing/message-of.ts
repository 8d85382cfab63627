/**
 * Returns the message of the error that a promise rejects with. `expect().rejects` stops the
 * loop of the process, in which the other end of the connection runs as well.
 */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'there was no error'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
