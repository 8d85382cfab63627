import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { join } from 'node:path'
import { openTestEngine, type TestEngine } from '#engine/testing/fixture'
import type { Handler } from '#http'
import { serveApi } from '#platform/api-server/serve-api'
import { createApi } from '../create-api.ts'

let engine: TestEngine
const ending = new AbortController()
const api = (): Handler =>
  createApi(engine, {
    connections: () => Promise.reject(new Error('no request has a session')),
    signal: ending.signal,
  })
beforeAll(async () => {
  engine = await openTestEngine()
  engine.records.events.append({ type: 'volume', action: 'create', actor: 'first' })
})
afterAll(async () => {
  ending.abort()
  await engine[Symbol.asyncDispose]()
})

describe('GET /events', () => {
  test('the client chooses the form of the stream', async () => {
    const ask = async (version: string, accept: string): Promise<readonly string[]> => {
      const request = new Request(`http://docker/${version}/events?since=0&until=4000000000`, {
        headers: { Accept: accept },
        signal: AbortSignal.timeout(60_000),
      })
      const response = await api()(request, { address: '' })
      const reader = response.body?.getReader()
      const { value } = (await reader?.read()) ?? {}
      await reader?.cancel()
      const text = new TextDecoder().decode(value)
      expect(text).toContain('"volume"')
      const [first = '', last = ''] = [text[0], text.slice(-2)]
      return [response.headers.get('Content-Type') ?? '', first, last]
    }
    // The choices of dockerd 29.9.
    const [json, lines] = ['application/json', 'application/jsonl']
    const [nd, sequence] = ['application/x-ndjson', 'application/json-seq']
    for (const [accept, old, today] of [
      ['', json, lines],
      ['*/*', json, lines],
      ['application/*', json, lines],
      [json, json, lines],
      ['text/html', json, lines],
      [nd, nd, nd],
      [lines, lines, lines],
      [sequence, sequence, sequence],
      [`${sequence}, ${nd}`, nd, nd],
      [`${sequence}, ${lines}`, lines, lines],
      [`${nd}, ${lines}`, lines, lines],
      [`${nd};q=0.5, ${sequence};q=0.4`, nd, nd],
      [`${sequence};q=0.9;v=1, ${nd};q=0.8`, sequence, sequence],
      [`application/*;q=0.5, ${sequence};q=0.2`, sequence, sequence],
      [`${json}, ${sequence}`, sequence, sequence],
      [`${sequence};q=0`, json, lines],
      [`${sequence};q=x`, json, lines],
    ] as const) {
      const form = (type: string): readonly string[] => [
        type,
        type === sequence ? '\x1e' : '{',
        '}\n',
      ]
      expect([accept, ...(await ask('v1.44', accept))]).toEqual([accept, ...form(old)])
      expect([accept, ...(await ask('v1.52', accept))]).toEqual([accept, ...form(today)])
    }
  })

  test('a client that does not read loses old events, not new ones, and costs no memory', async () => {
    const unix = join(engine.directory, 'events.sock')
    await using _ = await serveApi(api(), { place: { unix } })
    const client = connect(unix)
    client.write('GET /v1.51/events HTTP/1.1\r\nHost: docker\r\n\r\n')
    const head = await new Promise<Buffer>((resolve) => client.once('data', resolve))
    expect(head.toString()).toStartWith('HTTP/1.1 200 ')
    client.pause()
    const filler = 'x'.repeat(4000)
    const count = 12_000
    // In pieces, so that the server may send between them.
    for (let start = 0; start < count; start += 500) {
      const events = Array.from({ length: 500 }, (_, index) => ({
        type: 'volume' as const,
        action: 'create' as const,
        actor: 'v',
        attributes: { number: String(start + index), filler },
      }))
      await engine.records.events.note(...events)
      await Bun.sleep(1)
    }
    const numbers: number[] = []
    let text = ''
    client.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const found = [...text.matchAll(/"number":"(\d+)"/g)]
      const end = found.at(-1)
      numbers.push(...found.map(([, digits]) => Number(digits)))
      if (end !== undefined) text = text.slice(end.index + end[0].length)
    })
    client.resume()
    const deadline = Date.now() + 60_000
    while (numbers.at(-1) !== count - 1 && Date.now() < deadline) await Bun.sleep(10)
    client.destroy()
    expect(numbers.at(-1)).toBe(count - 1)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect(new Set(numbers).size).toBe(numbers.length)
    // The store keeps 4,096 events, and the server holds at most as many for this client.
    expect(numbers.length).toBeLessThanOrEqual(2 * 4096 + 500)
  })
})
