import { openServerDirectory } from '#engine/build/server-directory'
import type { Engine } from '#engine/engine'
import type { ReceivedImage } from '#engine/output/build-output'
import { hasAgent, openAgentSocket } from '../../client/agent.ts'
import type { ClientSession } from '../../client/client-session.ts'
import { readCredentials } from '../../client/credentials.ts'
import { receiveFiles } from '../../client/files/receive-files.ts'
import { sendFiles } from '../../client/files/send-files.ts'
import { readSecret } from '../../client/secrets.ts'
import { sendArchive } from '../../client/send-archive.ts'
import { pullUpload } from '../../client/upload.ts'
import type { BuildClient } from './build-client.ts'
import { imageFacts } from './image-facts.ts'

/** Returns what the client of a build serves on its session, while the build runs. */
export function sessionClient(
  engine: Engine,
  session: ClientSession,
  signal: AbortSignal,
): BuildClient {
  return {
    keep: async () => await openServerDirectory(engine),
    receive: (request) => receiveFiles(session, { signal, ...request }),
    secret: (id) => readSecret(session, id, signal),
    credentials: (host) => readCredentials(session, host, signal),
    async openAgent(id) {
      if (!(await hasAgent(session, id, signal))) return undefined
      await using stack = new AsyncDisposableStack()
      const place = stack.use(await openServerDirectory(engine))
      const { path } = stack.use(await openAgentSocket(session, id, place.path))
      const opened = stack.move()
      return { path, [Symbol.asyncDispose]: () => opened.disposeAsync() }
    },
    upload: (path) => pullUpload(session, path, signal),
    sendArchive: (output, bytes, image) =>
      sendArchive(session, bytes, { output, facts: factsOf(image), signal }),
    sendDirectory: (output, directory, onProgress) =>
      sendFiles(session, directory, { output, onProgress, signal }),
  }
}

function factsOf(image: ReceivedImage | undefined): Readonly<Record<string, string>> {
  return image === undefined ? {} : imageFacts(image)
}
