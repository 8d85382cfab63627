import { expect, test } from 'bun:test'
import type { Exchange } from '#http'
import { formatSpans, type Span } from './span.ts'
import { formatTraceparent, parseTraceparent } from './trace-context.ts'
import { type TracedOptions, traced } from './traced.ts'

const [traceId, parentId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

/** Sends one request and returns the spans and what the handler saw. */
async function send(headers: Record<string, string>, more: Partial<TracedOptions> = {}) {
  const spans: Span[] = []
  const exchange: Exchange = { address: '192.0.2.7' }
  let seen: string | undefined
  let time = 1_700_000_000_000
  const handler = traced(
    async (_request, given) => {
      seen = given.traceparent
      time += 1.5
      return new Response('', { status: 503 })
    },
    { add: (span) => spans.push(span), ratio: 1, random: () => 0.5, now: () => time, ...more },
  )
  const url = 'http://localhost/v2/team/app/manifests/latest?ns=secret'
  await handler(new Request(url, { headers }), exchange)
  return { spans, seen }
}

test('traced() goes on with the trace of the sender, and gives its own span to others', async () => {
  const { spans, seen } = await send({ traceparent: `00-${traceId}-${parentId}-01` })
  const [span] = spans
  expect(span).toMatchObject({
    traceId,
    parentId,
    name: 'GET manifest',
    start: 1_700_000_000_000_000_000n,
    end: 1_700_000_000_001_500_000n,
    isError: true,
    attributes: {
      'http.request.method': 'GET',
      'http.response.status_code': 503,
      'url.path': '/v2/team/app/manifests/latest',
      'client.address': '192.0.2.7',
    },
  })
  expect(span?.spanId).toMatch(/^[0-9a-f]{16}$/)
  expect(seen).toBe(`00-${traceId}-${span?.spanId}-01`)
})

test('traced() keeps what the sender wants, and a part of the traces that begin here', async () => {
  const unwanted = await send({ traceparent: `00-${traceId}-${parentId}-00` })
  expect(unwanted.spans).toEqual([])
  expect(unwanted.seen).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
  expect((await send({}, { ratio: 0.6 })).spans).toHaveLength(1)
  expect((await send({}, { ratio: 0.5 })).spans).toHaveLength(0)
})

test('parseTraceparent() takes nothing that breaks the grammar', () => {
  const right = { traceId, spanId: parentId, isSampled: true }
  expect(parseTraceparent(`00-${traceId}-${parentId}-01`)).toEqual(right)
  expect(parseTraceparent(`cc-${traceId}-${parentId}-01-later`)).toEqual(right)
  expect(formatTraceparent(right)).toBe(`00-${traceId}-${parentId}-01`)
  for (const wrong of [
    null,
    '',
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `00-${traceId}-${parentId}`,
  ]) {
    expect([wrong, parseTraceparent(wrong)]).toEqual([wrong, undefined])
  }
})

test('formatSpans() writes the JSON of OTLP', () => {
  const span = {
    traceId,
    spanId: parentId,
    kind: 'server' as const,
    name: 'GET blob',
    start: 1_700_000_000_000_000_001n,
    end: 1_700_000_000_000_000_002n,
    attributes: { text: 'a', count: 200, absent: undefined },
    isError: false,
  }
  const value = JSON.parse(formatSpans([span], 'registry'))
  expect(value).toEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'registry' } }],
        },
        scopeSpans: [
          {
            scope: { name: 'strake' },
            spans: [
              {
                traceId,
                spanId: parentId,
                name: 'GET blob',
                kind: 2,
                startTimeUnixNano: '1700000000000000001',
                endTimeUnixNano: '1700000000000000002',
                attributes: [
                  { key: 'text', value: { stringValue: 'a' } },
                  { key: 'count', value: { intValue: '200' } },
                ],
                status: {},
              },
            ],
          },
        ],
      },
    ],
  })
})
