import { expect, test } from 'bun:test'
import { formatFamilies } from '../metric.ts'
import type { Span } from './span.ts'
import { TraceExport } from './trace-export.ts'

const span = (name: string): Span => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  kind: 'server',
  name,
  start: 1n,
  end: 2n,
  attributes: {},
  isError: false,
})

/** An exporter, and a collector that answers as `answer` says. */
function openRig(answer: () => Promise<Response> | Response) {
  const got: string[][] = []
  const waits: number[] = []
  const inits: object[] = []
  const turns = new EventTarget()
  const exporter = new TraceExport({
    url: new URL('http://127.0.0.1:4318/v1/traces'),
    headers: { Authorization: 'Bearer x' },
    service: 'registry',
    fetch: async (_url, init) => {
      const { body } = init
      inits.push(init)
      const { resourceSpans } = JSON.parse(String(body))
      const names = resourceSpans[0].scopeSpans[0].spans.map((each: Span) => each.name)
      const response = await answer()
      if (response.ok) got.push(names)
      turns.dispatchEvent(new Event('turn'))
      return response
    },
    sleep: (milliseconds) => {
      waits.push(milliseconds)
      return new Promise((resolve) => setImmediate(resolve))
    },
  })
  const turn = () =>
    new Promise((resolve) => turns.addEventListener('turn', resolve, { once: true }))
  return { exporter, got, waits, inits, turn }
}

test('TraceExport sends spans in batches, and again when the collector was away', async () => {
  let isDown = true
  const { exporter, got, waits, inits, turn } = openRig(
    () => new Response('', { status: isDown ? 503 : 200 }),
  )
  for (let count = 0; count < 600; count += 1) exporter.add(span(`s${count}`))
  await turn()
  await turn()
  isDown = false
  await turn()
  await exporter[Symbol.asyncDispose]()
  expect(got.map(({ length }) => length)).toEqual([512, 88])
  expect(got.flat()).toEqual(Array.from({ length: 600 }, (_, index) => `s${index}`))
  expect(waits.slice(0, 3)).toEqual([2000, 4000, 8000])
  expect(inits[0]).toMatchObject({ proxy: false, redirect: 'error' })
})

test('TraceExport holds a bounded number of spans, and says how many it dropped', async () => {
  const held = Promise.withResolvers<Response>()
  const { exporter, got } = openRig(() => held.promise)
  for (let count = 0; count < 10_000; count += 1) exporter.add(span(`s${count}`))
  held.resolve(new Response('', { status: 200 }))
  await exporter[Symbol.asyncDispose]()
  expect(got.flat()).toHaveLength(4096)
  expect(got.flat().at(-1)).toBe('s9999')
  const text = await formatFamilies(exporter.families)
  expect(text).toContain('strake_trace_spans_total{result="dropped"} 5904\n')
  expect(text).toContain('strake_trace_spans_total{result="sent"} 4096\n')
})
