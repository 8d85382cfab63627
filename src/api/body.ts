import type { Fields } from '#docker/bodies/fields'
import { ApiError } from './failure.ts'

/** The largest JSON body, in bytes. A container with 10,000 labels needs less. */
const largestBody = 4 * 1024 * 1024

/**
 * Reads the JSON object of a request. An empty body is an empty object, if `isOptional`. Throws 400
 * for other JSON, and 413 for a body above the limit.
 */
export async function readObject(request: Request, isOptional = false): Promise<Fields> {
  const text = await readText(request)
  if (text.trim() === '') {
    if (isOptional) return {}
    throw new ApiError(400, 'invalid JSON: got EOF while reading request body')
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new ApiError(400, 'invalid JSON: the request body is malformed')
  }
  // Go reads null as an object without members.
  if (document === null) return {}
  if (typeof document === 'object' && !Array.isArray(document)) return document as Fields
  throw new ApiError(400, 'invalid JSON: the request body is no object')
}

async function readText(request: Request): Promise<string> {
  const type = request.headers.get('Content-Type') ?? ''
  if (type !== '' && !/^application\/json\b/i.test(type)) {
    throw new ApiError(400, `unsupported Content-Type header (${type}): must be 'application/json'`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > largestBody) throw new ApiError(413, 'http: request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
