import { openServerDirectory } from '#engine/build/server-directory'
import type { Engine } from '#engine/engine'
import type { ReceivedImage } from '#engine/output/build-output'
import { type KeptDirectory, openKeptDirectory } from '#engine/received/kept-directory'
import { hasAgent, openAgentSocket } from '../../client/agent.ts'
import { clientCachePlace } from '../../client/cache-place.ts'
import type { ClientSession } from '../../client/client-session.ts'
import { ClientContent } from '../../client/content.ts'
import { readCredentials } from '../../client/credentials.ts'
import { describeDocument } from '../../client/describe-document.ts'
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
  const kept = new Map<string, KeptDirectory>()
  return {
    async keep(name, sharedKey) {
      // Without a key of the client, files of two machines could not be told apart.
      const key = session.sharedKey === '' ? [] : [session.sharedKey, name, sharedKey]
      const directory = await openKeptDirectory(engine, key.join('\n'))
      kept.set(directory.path, directory)
      return directory
    },
    async receive(request) {
      const { size } = await receiveFiles(session, { signal, ...request })
      kept.get(request.directory)?.noteSize(size)
    },
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
    layout(store, digest) {
      const source = new ClientContent(session, `oci:${store}`)
      return { source, descriptor: () => describeDocument(source, digest, signal) }
    },
    caches: (onPublished) => ({
      read: (directory, digest) => (document) =>
        clientCachePlace(session, { directory, digest }, document),
      write: (directory) => (document) =>
        clientCachePlace(session, { directory, onPublished }, document),
    }),
    exports: new ClientContent(session, 'export'),
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
