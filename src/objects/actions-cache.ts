import { Fields, parseJson, StrakeError, sha256 } from '#oci'
import type { Bytes } from '#stream'
import { type BlobRequest, writeBlockBlob } from './block-blob.ts'
import { bodyOf, type RequestOptions, readText, send } from './request.ts'

export interface ActionsCacheOptions extends RequestOptions {
  /** The address of the service: `ACTIONS_RESULTS_URL`. */
  readonly url: string
  /** `ACTIONS_RUNTIME_TOKEN`. */
  readonly token: string
}

export interface ActionsEntry {
  readonly key: string
  /** A URL that contains a signature. */
  readonly url: string
}

/** The cache of GitHub Actions, version 2. Entries never change. */
export interface ActionsCache {
  /** The scopes that the token allows to read, and that to write. */
  readonly scopes: readonly ActionsScope[]
  /** Returns the entry with this key, or else the newest whose key begins with it. */
  find(key: string): Promise<ActionsEntry | undefined>
  /** Yields an entry from byte `start` on. */
  read(entry: ActionsEntry, start?: number): Bytes
  /** Writes a new entry. Returns false when the key is taken. */
  write(key: string, bytes: Bytes, size: number): Promise<boolean>
}

export interface ActionsScope {
  readonly name: string
  readonly canWrite: boolean
}

const service = 'twirp/github.actions.results.api.v1.CacheService'

/**
 * Entries of different versions are different. This one is of BuildKit's, which can then read
 * the entries.
 */
const version = sha256('|go-actionscache-1.0').slice('sha256:'.length)

/** Bytes of an answer in JSON. */
const mostJson = 65_536

export function openActionsCache(options: ActionsCacheOptions): ActionsCache {
  const { token } = options
  const base = new URL(`${options.url.replace(/\/+$/, '')}/${service}/`)
  const call = async (
    method: string,
    value: object,
    accepted: readonly number[] = [200],
  ): Promise<Fields> => {
    const body = new TextEncoder().encode(JSON.stringify(value))
    const headers = (): Readonly<Record<string, string>> => ({
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    })
    const what = `call ${method} of the cache of GitHub Actions`
    const url = new URL(method, base)
    const answer = await send({ method: 'POST', url, headers, body, accepted, what }, options)
    const text = await readText(answer, mostJson, options.silence)
    if (answer.status !== 200) return new Fields({ ok: false }, [], document)
    return new Fields(parseJson(new TextEncoder().encode(text), document.what), [], document)
  }
  return {
    scopes: scopesOf(token),
    async find(key) {
      const request = { key, restore_keys: [key], version }
      const answer = await call('GetCacheEntryDownloadURL', request, [200, 404])
      if (answer.boolean('ok') !== true) return undefined
      const url = answer.required('signed_download_url', answer.string('signed_download_url'))
      return { key: answer.string('matched_key') ?? key, url }
    },
    async *read({ url, key }, start = 0) {
      const range = `bytes=${start}-`
      const headers = (): Readonly<Record<string, string>> => (start === 0 ? {} : { range })
      const what = `read ${key} of the cache of GitHub Actions`
      const accepted = [start === 0 ? 200 : 206]
      const request = { method: 'GET', url: signedUrl(url), headers, accepted, what }
      const answer = await send(request, options)
      yield* bodyOf(answer, options.silence)
    },
    async write(key, bytes, size) {
      const reserved = await call('CreateCacheEntry', { key, version }, [200, 409])
      if (reserved.boolean('ok') !== true) return false
      const url = reserved.required('signed_upload_url', reserved.string('signed_upload_url'))
      const what = `write ${key} to the cache of GitHub Actions`
      // The URL has the signature.
      const blob = { url: signedUrl(url), what, options, sign: headersOf }
      await writeBlockBlob(blob, bytes)
      const finished = { key, size_bytes: String(size), version }
      const answer = await call('FinalizeCacheEntryUpload', finished)
      if (answer.boolean('ok') === true) return true
      throw new StrakeError('UNAVAILABLE', `Cannot write ${key}: GitHub did not accept it`)
    },
  }
}

const document = { what: 'the answer of the cache of GitHub Actions', code: 'INVALID' } as const

function headersOf({ headers }: BlobRequest): Readonly<Record<string, string>> {
  return headers
}

function signedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new StrakeError('INVALID', 'Cannot use the cache of GitHub Actions: it named no URL')
}

/** Reads the scopes in a token, which is a JWT. The service verifies it. */
function scopesOf(token: string): readonly ActionsScope[] {
  const refuse = (reason: string): StrakeError =>
    new StrakeError('INVALID', `Cannot use the cache of GitHub Actions: its token ${reason}`, {
      remedy: 'pass the variable ACTIONS_RUNTIME_TOKEN of the job',
    })
  const [, payload = ''] = token.split('.')
  try {
    const text = new Uint8Array(Buffer.from(payload, 'base64url'))
    const claims = new Fields(parseJson(text, 'the token'), [], { ...document, what: 'the token' })
    const list = { ac: parseJson(new TextEncoder().encode(claims.string('ac') ?? ''), 'the token') }
    const access = new Fields(list, [], { ...document, what: 'the token' })
    const scopes = access.items('ac', (item, path) => {
      const fields = new Fields(item, [], { ...document, what: 'the token' }, path)
      const permission = fields.integer('Permission') ?? 0
      return { name: fields.string('Scope') ?? '', canWrite: (permission & 2) !== 0 }
    })
    if (scopes !== undefined && scopes.length > 0) return scopes
  } catch {
    throw refuse('cannot be read')
  }
  throw refuse('has no scopes')
}
