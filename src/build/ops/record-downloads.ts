import { type Digest, StrakeError } from '#oci'
import { createHasher } from '#stream'
import { checkVersion, lockedDigest } from '../lock/lock.ts'
import type { HttpMaterial } from '../model/provenance.ts'
import { allowedUrl } from '../source/allowed.ts'
import { type ForwardedRequest, forward } from '../source/forward.ts'
import type { StepContext } from '../step/workspace.ts'

/** The downloads of one command. */
export interface DownloadRecord {
  /** Answers a request of the command. */
  exchange(request: ForwardedRequest): Promise<Response>
  /** What was downloaded, sorted by URL. Throws `DENIED` when that is not what the lock has. */
  finish(): readonly HttpMaterial[]
}

/** The most downloads of one command. */
const mostDownloads = 100_000

/** The most warnings about requests that have no digest. */
const mostWarnings = 10

/** Records every download of a command, and lets it download only what the lock has. */
export function recordDownloads(context: StepContext): DownloadRecord {
  const { facts, services, signal } = context
  const found = new Map<string, Digest>()
  const warned = new Set<string>()
  let violation: unknown
  const refused = <T>(check: () => T): T => {
    try {
      return check()
    } catch (error) {
      // The command may hide the answer of the proxy, so that the step must fail afterwards.
      violation ??= error
      throw error
    }
  }
  const note = (name: string, digest: Digest, locked: Digest | undefined): void => {
    refused(() => checkVersion(name, locked, digest))
    if (found.size < mostDownloads) found.set(name, digest)
  }
  return {
    async exchange(request) {
      const { method } = request
      const { url, checksum } = refused(() =>
        allowedUrl({ url: request.url, checksum: undefined }, facts.sourcePolicy),
      )
      const name = nameOf(url, facts.secrets)
      const isRead = method === 'GET' || method === 'HEAD'
      const locked = refused(() => {
        if (isRead) return lockedDigest(facts.lock, 'download', name)
        if (facts.lock !== undefined) throw onlyReads(method, name)
        return undefined
      })
      const response = await forward(
        { ...request, url },
        { from: facts.downloads, http: services.http, signal },
      )
      if (!isRead && !warned.has(name) && warned.size < mostWarnings) {
        warned.add(name)
        const message = `RUN sent ${method} to ${name}, and a lock file cannot have the answer`
        context.emit({ type: 'warning', message })
      }
      if (method !== 'GET' || !response.ok || response.body === null) return response
      const expected = checksum as Digest | undefined
      const body = watched(response.body, {
        onEnd: (digest) => note(name, digest, locked ?? expected),
        onBreak: () => {
          if (locked !== undefined) violation ??= notRead(name)
        },
      })
      return new Response(body, { status: response.status, headers: response.headers })
    },
    finish() {
      if (violation !== undefined) throw violation
      return [...found]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([url, digest]) => ({ kind: 'http', url, digest, isDownload: true }))
    },
  }
}

/** Passes the bytes on and hashes them. `onBreak` is called when the reader stops early. */
function watched(
  body: ReadableStream<Uint8Array>,
  { onEnd, onBreak }: { readonly onEnd: (digest: Digest) => void; readonly onBreak: () => void },
): ReadableStream<Uint8Array> {
  const hasher = createHasher()
  let isWhole = false
  const passing = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      hasher.update(chunk)
      controller.enqueue(chunk)
    },
    flush() {
      isWhole = true
      onEnd(hasher.digest())
    },
  })
  body.pipeTo(passing.writable).catch(() => {
    if (!isWhole) onBreak()
  })
  return passing.readable
}

/** A URL without its password, and without values of secrets. */
function nameOf(text: string, secrets: ReadonlyMap<string, Uint8Array>): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  url.hash = ''
  let name = url.href
  for (const bytes of secrets.values()) {
    const secret = Buffer.from(bytes).toString().trim()
    if (secret === '') continue
    name = name.replaceAll(secret, 'xxxxx').replaceAll(encodeURIComponent(secret), 'xxxxx')
  }
  return name
}

function onlyReads(method: string, name: string): StrakeError {
  return new StrakeError(
    'DENIED',
    `Cannot send ${method} to ${name}: a locked build only downloads`,
  )
}

function notRead(name: string): StrakeError {
  return new StrakeError(
    'DENIED',
    `Cannot use ${name}: the command did not read the whole content that is locked`,
  )
}
