import { StrakeError, sha256 } from '#oci'
import { killTree, programEnvironment, spawnProcess } from '#platform'

export interface SyftOptions {
  /** Absolute path. */
  readonly program: string
  /** The name of what is scanned. */
  readonly name: string
  /** Seconds since 1970. */
  readonly created: number
  readonly signal?: AbortSignal | undefined
}

/** The most bytes of a document, as for scanner images. */
const largestDocument = 40 * 2 ** 20

/** The most characters of messages that are kept. */
const mostMessages = 64 * 1024

/** syft must neither look for updates nor read the configuration of a project or a user. */
const environment: Readonly<Record<string, string>> = {
  ...programEnvironment,
  HOME: '/nonexistent',
  SYFT_CHECK_FOR_APP_UPDATE: 'false',
}

/**
 * Lists the packages of a tree with an installed syft. The tree may be hostile: links are resolved
 * inside it. Time and namespace of the document are replaced, so that the same files give the same
 * document. Throws `UNAVAILABLE` when syft fails, and `INVALID` when it prints something else.
 */
export async function runSyft(
  root: string,
  { program, name, created, signal }: SyftOptions,
): Promise<object> {
  signal?.throwIfAborted()
  const source = ['scan', `dir:${root}`, '--base-path', root, '--source-name', name]
  const child = spawnProcess([program, ...source, '--output', 'spdx-json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
    cwd: '/',
    ownSession: true,
  })
  const stop = (): void => void killTree(child.pid)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const [output, messages, { code }] = await Promise.all([
      readDocument(child.stdout, stop),
      readMessages(child.stderr),
      child.exited,
    ])
    signal?.throwIfAborted()
    if (output === undefined) throw refuse('its document is larger than 40 MiB')
    if (code !== 0) {
      const message = `Cannot list packages: ${program} ended with ${code}: ${messages}`
      throw new StrakeError('UNAVAILABLE', message, {
        remedy: 'leave generator= out for the built-in scanner',
      })
    }
    return steady(parse(output), { name, created })
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

async function readDocument(
  bytes: AsyncIterable<Uint8Array> | undefined,
  stop: () => void,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes ?? []) {
    size += chunk.length
    if (size > largestDocument) stop()
    else chunks.push(Uint8Array.from(chunk))
  }
  return size > largestDocument ? undefined : Buffer.concat(chunks)
}

/** The last line, in printable characters. */
async function readMessages(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bytes ?? []) {
    if (text.length < mostMessages) text += decoder.decode(chunk, { stream: true })
  }
  const last = text.split('\n').findLast((line) => line.trim() !== '') ?? 'it gave no reason'
  return last.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)
}

/** syft is trusted as a program, but parts of its document are texts of the tree. */
function parse(raw: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(raw))
    if (typeof value === 'object' && value !== null && 'spdxVersion' in value) return value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw refuse('it printed no document of SPDX')
}

function steady(
  document: object,
  { name, created }: Pick<SyftOptions, 'name' | 'created'>,
): object {
  const info =
    'creationInfo' in document && typeof document.creationInfo === 'object'
      ? document.creationInfo
      : {}
  const time = new Date(created * 1000).toISOString().replace('.000Z', 'Z')
  const { documentNamespace: _, ...rest } = {
    documentNamespace: '',
    ...document,
    name,
    creationInfo: { ...info, created: time },
  }
  const hex = sha256(JSON.stringify(rest)).slice('sha256:'.length)
  return { ...rest, documentNamespace: `https://anchore.com/syft/dir/${name}-${hex}` }
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use syft: ${reason}`, {
    remedy: 'update syft, or leave generator= out for the built-in scanner',
  })
}
