import { describe, expect, test } from 'bun:test'
import type { Engine } from '#engine/engine'
import { openTestEngine } from '#engine/testing/fixture'
import { readObject } from './body.ts'
import { createApi } from './create-api.ts'

interface Asked {
  readonly status: number
  readonly body: unknown
}

function open(engine: Engine) {
  const failures: unknown[] = []
  const handle = createApi(engine, {
    connections: () => Promise.reject(new Error('no connections here')),
    signal: new AbortController().signal,
    onFailure: (error) => failures.push(error),
  })
  const ask = async (method: string, path: string, body?: string): Promise<Asked> => {
    const response = await handle(
      new Request(`http://docker${path}`, {
        method,
        ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }),
      }),
      { address: '' },
    )
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return { ask, failures }
}

describe('createApi()', () => {
  test('answers 500 where a handler breaks, tells the log alone why, and serves on', async () => {
    const broken = new Proxy({} as Engine, {
      get() {
        throw new TypeError('a secret of the program')
      },
    })
    const { ask, failures } = open(broken)
    const failed = { message: 'Cannot answer the request: the server failed' }
    for (const path of ['/containers/json', '/images/json', '/volumes', '/networks/x', '/info']) {
      expect([path, await ask('GET', path)]).toEqual([path, { status: 500, body: failed }])
    }
    expect(failures).toHaveLength(5)
    expect(failures.every((error) => error instanceof TypeError)).toBe(true)
    expect(await ask('GET', '/_ping')).toEqual({ status: 200, body: 'OK' })
  })

  test('takes no path parameter for a path, and no name for more than a name', async () => {
    await using engine = await openTestEngine()
    const { ask, failures } = open(engine)
    const names = [
      '..',
      '%2e%2e',
      '%2e%2e%2f%2e%2e',
      '..%2fetc',
      '%2fetc%2fpasswd',
      'a%00b',
      '%0d%0aX',
    ]
    const paths = names.flatMap((name) => [
      `/containers/${name}/json`,
      `/containers/${name}/logs?stdout=1`,
      `/containers/${name}/archive?path=/`,
      `/exec/${name}/json`,
      `/images/${name}/json`,
      `/images/${name}/get`,
      `/networks/${name}`,
      `/volumes/${name}`,
    ])
    for (const path of [...paths, '/containers/%zz/json', '/%', '//', '/v1.43//containers/json']) {
      const { status, body } = await ask('GET', path)
      expect([path, [400, 404].includes(status)]).toEqual([path, true])
      expect(JSON.stringify(body)).not.toContain('root:')
    }
    for (const name of ['..', '../x', 'a/b', 'a%2fb', 'x\r\nSet-Cookie: a']) {
      const made = await ask('POST', '/volumes/create', JSON.stringify({ Name: name }))
      expect([name, made.status]).toEqual([name, 400])
    }
    expect(failures).toEqual([])
  })

  test('no answer has a header that a request has written', async () => {
    await using engine = await openTestEngine()
    const handle = createApi(engine, {
      connections: () => Promise.reject(new Error('no connections here')),
      signal: new AbortController().signal,
    })
    for (const text of [
      'a%0d%0aX-Injected:%201',
      'a%0aX-Injected:%201',
      '%e5%98%8a%e5%98%8dX-Injected:1',
    ]) {
      for (const path of [
        `/images/${text}/json`,
        `/containers/x/archive?path=${text}`,
        `/${text}`,
      ]) {
        const { headers } = await handle(new Request(`http://docker${path}`), { address: '' })
        expect([path, headers.get('X-Injected')]).toEqual([path, null])
      }
    }
  })
})

describe('readObject()', () => {
  const post = (body: string | ReadableStream<Uint8Array>, type = 'application/json'): Request =>
    new Request('http://docker/x', { method: 'POST', body, headers: { 'Content-Type': type } })

  test('gives a body up that does not come', async () => {
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await Bun.sleep(20)
        controller.enqueue(new TextEncoder().encode(' '))
      },
    })
    await expect(readObject(post(slow), false, 200)).rejects.toMatchObject({ status: 408 })
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) })
    await expect(readObject(post(silent), false, 50)).rejects.toMatchObject({ status: 408 })
  })

  test('reads no more of a large body than its limit', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536).fill(32))
      },
    })
    await expect(readObject(post(endless))).rejects.toMatchObject({ status: 413 })
    expect(sent).toBeLessThan(5 * 1024 * 1024)
  })

  test('refuses what is no object, in the words of Docker', async () => {
    const refused = async (body: string): Promise<string> =>
      await readObject(post(body)).then(
        () => 'read',
        (error: Error) => error.message,
      )
    expect(await refused('')).toBe('invalid JSON: EOF')
    expect(await refused('{"a":')).toBe('invalid JSON: unexpected EOF')
    expect(await refused('[]')).toContain('cannot unmarshal array')
    expect(await refused('"x"')).toContain('cannot unmarshal string')
    expect(await refused('null')).toBe('read')
    expect(await refused('{"__proto__": {"Image": "x"}}')).toBe('read')
    await expect(readObject(post('{}', 'text/plain'))).rejects.toMatchObject({ status: 400 })
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect(['read', 'invalid JSON: the request body is malformed']).toContain(await refused(deep))
  })
})
