import { isSystemError, ownPipeWriter, readInput } from '#platform'

/** Copies bytes from a descriptor to a pipe until either end is closed, then closes the pipe. */
export async function feedPipe(from: number, to: number): Promise<void> {
  const writer = ownPipeWriter(to)
  try {
    for await (const chunk of readInput(from)) await writer.write(chunk)
  } catch (error) {
    if (!isSystemError(error, 'EPIPE')) throw error
  } finally {
    await writer.end()
  }
}
