/**
 * Lets other work of the process run once, such as the answers of a server. Promises alone do not:
 * they are settled before the next event is looked at.
 */
export async function giveWay(signal?: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve))
  signal?.throwIfAborted()
}
