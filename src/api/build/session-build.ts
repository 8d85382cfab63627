import { encode, isGrpcError } from '#grpc'
import type { Bytes } from '#stream'
import type { Builds } from '../buildkit/builds.ts'
import { StatusResponse } from '../buildkit/messages/status.ts'
import { buildFailure } from '../buildkit/progress/failure.ts'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { stream } from '../reply.ts'
import type { ProgressLine } from '../streams/line-queue.ts'
import { cancelable } from './cancel.ts'
import { solveRequest } from './solve-request.ts'

/**
 * `POST /build?version=2`: a build by BuildKit, whose progress is in the lines of the response. The
 * context is the body of the request, a URL, or comes from the session of the client.
 */
export async function buildWithSession(call: ApiCall, builds: Builds): Promise<Response> {
  const { query, request, signal } = call
  const [, upload] = /^upload-request:(.+)$/s.exec(query.text('buildid') ?? '') ?? []
  if (upload !== undefined) {
    try {
      await builds.offerUpload(upload, bodyOf(request), signal)
    } catch (error) {
      throw isGrpcError(error) ? new ApiError(404, error.message, error) : error
    }
    return new Response(null)
  }
  const wanted = solveRequest(query)
  const isUpload = query.text('remote') === 'upload-request'
  const archive = isUpload
    ? await builds.takeUpload(query.text('buildid') ?? '', signal)
    : query.text('remote') === undefined
      ? bodyOf(request)
      : undefined
  const isQuiet = query.flag('q')
  const end = call.begin()
  async function* lines(): AsyncGenerator<ProgressLine> {
    using own = cancelable(call)
    try {
      const build = builds.start(wanted, archive, own.signal)
      for await (const message of build.status) {
        if (isQuiet) continue
        const bytes = encode(StatusResponse, message)
        yield { id: 'moby.buildkit.trace', aux: Buffer.from(bytes).toString('base64') }
      }
      const { 'containerimage.digest': ID } = await build.result
      if (ID === undefined) return
      yield isQuiet ? { stream: `${ID}\n` } : { id: 'moby.image.id', aux: { ID } }
    } catch (error) {
      // The status of a build is for clients: it hides what they must not see.
      const { message } = buildFailure(error)
      yield { errorDetail: { message }, error: message }
    } finally {
      end()
    }
  }
  return stream(lines())
}

function bodyOf({ body }: Request): Bytes {
  if (body === null) throw new ApiError(400, 'no build context given')
  return body
}
