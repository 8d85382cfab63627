import { DockerfileError, ExitError, wrongLines } from '#engine/build/served-build'
import { GrpcError, type StatusDetail, toGrpcError } from '#grpc'
import { isStrakeError } from '#oci'
import { describeFailure } from '../../failure.ts'

/** The names of the types of details, which are JSON in place of protobuf. */
const types = {
  source: 'errdefs.Source',
  exit: 'gatewayapi.ExitMessage',
  subrequest: 'errdefs.Subrequest',
} as const

/**
 * Returns the error of a build as clients of BuildKit show it: with its lines of the Dockerfile,
 * and with the exit code of a command. Other errors of the program say nothing about it.
 */
export function buildFailure(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error
  if (error instanceof ExitError) {
    const { status, argv } = error
    const text = `process ${JSON.stringify(argv.join(' '))} did not complete successfully: exit code: ${status}`
    const details = [detail(types.exit, { Code: status }), ...sourcesOf(error)]
    return new GrpcError('UNKNOWN', text, { details, cause: error })
  }
  if (error instanceof DockerfileError) {
    const [sentence = ''] = error.message.split('\n', 1)
    const text = error.remedy === undefined ? sentence : `${sentence} (${error.remedy})`
    return new GrpcError('UNKNOWN', text, { details: sourcesOf(error), cause: error })
  }
  if (isStrakeError(error)) return toGrpcError(error)
  return new GrpcError('UNKNOWN', describeFailure(error).message, { cause: error })
}

/** The error for a subrequest that this frontend does not have. */
export function unknownSubrequest(name: string): GrpcError {
  return new GrpcError('UNKNOWN', `unsupported request ${name}`, {
    details: [detail(types.subrequest, { name })],
  })
}

/** Clients show the last one first, so the outermost file is the last one. */
function sourcesOf(error: DockerfileError): readonly StatusDetail[] {
  return wrongLines(error).map(({ name, text, range: { start, end } }) =>
    detail(types.source, {
      info: {
        filename: name,
        data: Buffer.from(text).toString('base64'),
        language: 'Dockerfile',
      },
      ranges: [{ start: { line: start.line }, end: { line: end.line } }],
    }),
  )
}

function detail(type: string, value: object): StatusDetail {
  return {
    typeUrl: `github.com/moby/buildkit/${type}+json`,
    value: new TextEncoder().encode(JSON.stringify(value)),
  }
}
