import { frame, LanguageServer, readMessages } from '#lsp'
import { useStreamFile } from '#platform'
import { version } from '../host/version.ts'
import { isReference } from './lint.ts'

const [standardInput, standardOutput] = [0, 1]

/**
 * Serves one editor over standard input and output until it sends `exit`, or closes its end.
 * Returns the exit code.
 */
export async function serveLanguage(signal: AbortSignal): Promise<number> {
  const output = useStreamFile(standardOutput, signal)
  let pending: Uint8Array[] = []
  const server = new LanguageServer({
    version,
    isReference,
    send: (message) => pending.push(frame(message)),
  })
  for await (const messages of readMessages(useStreamFile(standardInput, signal).read())) {
    server.handle(messages)
    const answers = pending
    pending = []
    await output.write(Buffer.concat(answers))
    if (server.exitCode !== undefined) return server.exitCode
  }
  return server.exitCode ?? 1
}
