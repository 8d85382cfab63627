import type { Fields } from '#docker/bodies/fields'
import { ApiError } from './failure.ts'

/** The largest JSON body, in bytes. A container with 10,000 labels needs less. */
const largestBody = 4 * 1024 * 1024

/** Milliseconds for a whole JSON body. Archives have no limit. */
const usualPatience = 60_000

/**
 * Reads the JSON object of a request. An empty body is an empty object, if `isOptional`. Throws 400
 * for other JSON, 408 for a body that does not come, and 413 for a body above the limit.
 */
export async function readObject(
  request: Request,
  isOptional = false,
  patience: number = usualPatience,
): Promise<Fields> {
  const text = await readText(request, patience)
  if (text.trim() === '') {
    if (isOptional) return {}
    throw new ApiError(400, 'invalid JSON: EOF')
  }
  requireJson(request)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new ApiError(400, malformed(error instanceof Error ? error.message : ''))
  }
  // Go reads null as an object without members.
  if (document === null) return {}
  if (typeof document === 'object' && !Array.isArray(document)) return document as Fields
  const kind = Array.isArray(document) ? 'array' : typeof document
  throw new ApiError(400, `invalid JSON: json: cannot unmarshal ${kind} into Go value`)
}

/** The messages of Docker that say the same as those of the runtime. */
function malformed(message: string): string {
  if (message.includes('EOF')) return 'invalid JSON: unexpected EOF'
  if (message.includes('Unable to parse JSON string')) return 'unexpected content after JSON'
  return 'invalid JSON: the request body is malformed'
}

/** A page in a browser cannot send this type without asking the server first. */
function requireJson({ headers }: Request): void {
  const type = headers.get('Content-Type') ?? ''
  if (/^application\/json\b/i.test(type)) return
  const message =
    type === ''
      ? 'malformed Content-Type header (): mime: no media type'
      : `unsupported Content-Type header (${type}): must be 'application/json'`
  throw new ApiError(400, message)
}

async function readText({ body }: Request, patience: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body?.getReader()
  if (reader === undefined) return ''
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), patience)
  const end = Date.now() + patience
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (Date.now() >= end) throw new ApiError(408, 'Cannot read the request: its body is late')
      if (done) break
      size += value.byteLength
      if (size > largestBody) throw new ApiError(413, 'http: request body too large')
      chunks.push(value)
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
