import { readRemoteFile } from '#engine/dockerfile/remote-file'
import type { Engine } from '#engine/engine'
import { GrpcError, type Method, unary } from '#grpc'
import { agentsFor, secretsFor } from './inputs/credentials.ts'
import type { Job } from './jobs.ts'
import type { ResultDraft } from './messages/bridge.ts'
import * as bridge from './messages/bridge.ts'
import type { Definition } from './messages/ops.ts'
import { buildFailure } from './progress/failure.ts'
import type { RemoteContext } from './remote-context.ts'
import type { Services } from './services.ts'

/** Remembers a context whose files the client will look at, such as its policy. */
export function addRemote(
  { remotes }: Services,
  job: Job,
  { url, definition }: { readonly url: string; readonly definition: Definition },
): ResultDraft {
  const id = crypto.randomUUID()
  remotes.set(id, { job, url, files: new Map() })
  job.signal.addEventListener('abort', () => remotes.delete(id), { once: true })
  return { ref: { id, def: definition } }
}

/** The methods of the bridge that read files of such a context. */
export function remoteFileMethods(services: Services): readonly Method[] {
  const read = async (id: string, path: string): Promise<Uint8Array> => {
    try {
      return await readFile(services, id, path)
    } catch (error) {
      throw buildFailure(error)
    }
  }
  return [
    unary(bridge.StatFile, async ({ Ref, Path }) => {
      const { length } = await read(Ref, Path)
      return { stat: { path: Path, mode: 0o644, size: length } }
    }),
    unary(bridge.ReadFile, async ({ Ref, FilePath, Range }) => {
      const bytes = await read(Ref, FilePath)
      const { Offset = 0, Length = 0 } = Range ?? {}
      return { Data: bytes.subarray(Offset, Length > 0 ? Offset + Length : undefined) }
    }),
  ]
}

async function readFile(services: Services, id: string, path: string): Promise<Uint8Array> {
  const remote = services.remotes.get(id)
  if (remote === undefined) throw new GrpcError('NOT_FOUND', `Cannot find the result ${id}`)
  const known = remote.files.get(path) ?? fetchText(services, remote, path)
  remote.files.set(path, known)
  const text = await known
  // Clients look for these words.
  if (text === undefined) throw new GrpcError('NOT_FOUND', `${path}: no such file or directory`)
  return new TextEncoder().encode(text)
}

async function fetchText(
  { engine, findClient }: Pick<Services, 'findClient'> & { readonly engine: Engine },
  { job, url }: RemoteContext,
  path: string,
): Promise<string | undefined> {
  const { Session } = await job.request(job.signal)
  const client = await findClient(Session, job.signal)
  const wanted = { text: '', urls: [url] }
  const secrets = await secretsFor(client, wanted)
  await using agents = await agentsFor(client, wanted)
  const access = { secrets, agents: agents.sources, signal: job.signal }
  return await readRemoteFile(engine, { context: url, ...access }, path)
}
