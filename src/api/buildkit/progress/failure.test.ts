import { expect, test } from 'bun:test'
import { DockerfileError, ExitError } from '#engine/build/served-build'
import { GrpcError } from '#grpc'
import { StrakeError } from '#oci'
import { buildFailure, unknownSubrequest } from './failure.ts'

const source = { name: 'Dockerfile', text: 'FROM a\nRUN b\n' }
const range = { start: { line: 2, column: 0 }, end: { line: 2, column: 5 } }

function detailsOf({ details }: GrpcError): unknown {
  return details.map(({ typeUrl, value }) => [typeUrl, JSON.parse(Buffer.from(value).toString())])
}

const sourceDetail = [
  'github.com/moby/buildkit/errdefs.Source+json',
  {
    info: {
      filename: 'Dockerfile',
      data: Buffer.from(source.text).toString('base64'),
      language: 'Dockerfile',
    },
    ranges: [{ start: { line: 2 }, end: { line: 2 } }],
  },
]

test('buildFailure() tells the command and its exit code in the words of BuildKit', () => {
  const error = new ExitError('wrong', { status: 7, argv: ['/bin/sh', '-c', 'b'] }, source, range)
  const failure = buildFailure(error)
  expect([failure.code, failure.message]).toEqual([
    'UNKNOWN',
    'process "/bin/sh -c b" did not complete successfully: exit code: 7',
  ])
  expect(detailsOf(failure)).toEqual([
    ['github.com/moby/buildkit/gatewayapi.ExitMessage+json', { Code: 7 }],
    sourceDetail,
  ])
})

test('buildFailure() sends the lines of the Dockerfile apart from the sentence', () => {
  const diagnostic = { severity: 'error', rule: 'r', message: 'm', range } as const
  const failure = buildFailure(
    new DockerfileError('Cannot b', source, [diagnostic], { remedy: 'c' }),
  )
  expect(failure.message).toBe('Cannot b (c)')
  expect(detailsOf(failure)).toEqual([sourceDetail])
})

test('buildFailure() keeps codes, and hides errors of the program', () => {
  expect(buildFailure(new StrakeError('NOT_FOUND', 'Cannot find it')).code).toBe('NOT_FOUND')
  const own = new GrpcError('CANCELLED', 'left')
  expect(buildFailure(own)).toBe(own)
  expect(buildFailure(new TypeError('x.y is undefined')).message).not.toContain('undefined')
})

test('unknownSubrequest() names the request, so that clients can ask in another way', () => {
  expect(detailsOf(unknownSubrequest('frontend.x'))).toEqual([
    ['github.com/moby/buildkit/errdefs.Subrequest+json', { name: 'frontend.x' }],
  ])
})
