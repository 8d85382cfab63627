import type { Bytes } from '#stream'
import type { ClientSession } from './client-session.ts'
import { Pull } from './messages/upload.ts'

/** The host in the URL of an upload: `http://buildkit-session/ID`. */
const host = 'buildkit-session'

/** Returns the archive that the client offers under a path. */
export async function* pullUpload(
  session: ClientSession,
  path: string,
  signal?: AbortSignal,
): Bytes {
  session.require(Pull.path, 'an archive')
  const metadata = { urlhost: host, urlpath: path.startsWith('/') ? path : `/${path}` }
  const stream = session.client.open(Pull, { metadata, signal })
  for await (const { data } of stream) if (data.length > 0) yield data
}
