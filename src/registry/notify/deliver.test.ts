import { expect, test } from 'bun:test'
import { type DeliverServices, deliver } from './deliver.ts'
import type { Hook } from './hook.ts'
import { parseSecrets } from './sign.ts'

const hook: Hook = {
  name: 'ci',
  url: new URL('https://hooks.example.com/registry?key=1'),
  kinds: ['push'],
  secrets: async () => parseSecrets('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
  allowsPrivate: false,
  timeout: 10_000,
  batch: 10,
  giveUpAfter: 1000,
}
const letters = [
  { id: 'one', text: '{"id":"one"}' },
  { id: 'two', text: '{"id":"two"}' },
]

interface Sent {
  readonly url: string
  readonly init: RequestInit & { readonly tls?: object; readonly proxy?: unknown }
}

/** Services whose name server answers with one list after the other. */
function services(...answers: readonly (readonly string[])[]) {
  const sent: Sent[] = []
  let asked = 0
  const made: DeliverServices = {
    fetch: async (url, init) => {
      sent.push({ url, init })
      return new Response('ok', { status: 202 })
    },
    resolve: async () => answers[asked++] ?? [],
    now: () => 1_614_265_330_500,
  }
  return { ...made, sent, asked: () => asked }
}

test('deliver() signs one event, or several as a batch', async () => {
  const used = services(['203.0.113.5'], ['203.0.113.5'])
  await deliver(hook, letters.slice(0, 1), used)
  await deliver(hook, letters, used)
  const [single, batch] = used.sent.map(({ init }) => init)
  expect(single).toMatchObject({ method: 'POST', body: '{"id":"one"}' })
  expect(single?.headers).toMatchObject({
    'Content-Type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': 'one',
    'webhook-timestamp': '1614265330',
    'webhook-signature': expect.stringMatching(/^v1,[\w+/]{43}=$/),
  })
  expect(batch).toMatchObject({ body: '[{"id":"one"},{"id":"two"}]' })
  expect(batch?.headers).toMatchObject({
    'Content-Type': 'application/cloudevents-batch+json; charset=utf-8',
    'webhook-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  })
})

test('deliver() connects to the address that it checked, and asks for it once', async () => {
  // The name server says something else when it is asked again.
  const used = services(['203.0.113.5', '203.0.113.6'], ['127.0.0.1'])
  await deliver(hook, letters, used)
  expect(used.asked()).toBe(1)
  expect(used.sent).toMatchObject([
    {
      url: 'https://203.0.113.5/registry?key=1',
      init: {
        redirect: 'manual',
        proxy: false,
        headers: { Host: 'hooks.example.com' },
        tls: { serverName: 'hooks.example.com' },
      },
    },
  ])
})

test('deliver() connects to no private address unless the hook allows it', async () => {
  const inner = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', 'fd00::1', '::ffff:10.0.0.1']
  for (const address of inner) {
    const used = services(['203.0.113.5', address])
    expect(deliver(hook, letters, used)).rejects.toThrow(`${address}, a private address`)
    expect(used.sent).toEqual([])
  }
  for (const host of ['127.1', '0x7f000001', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '0']) {
    const used = services()
    const url = new URL(`https://${host}/`)
    expect(deliver({ ...hook, url }, letters, used)).rejects.toThrow('a private address')
    expect([host, used.sent]).toEqual([host, []])
  }
  const used = services(['10.1.2.3'])
  await deliver({ ...hook, allowsPrivate: true }, letters, used)
  expect(used.sent).toHaveLength(1)
})

test('deliver() says when there is no address, and passes a wait on that was asked for', async () => {
  expect(deliver(hook, letters, services([]))).rejects.toThrow('hooks.example.com has no address')
  const busy: DeliverServices = {
    ...services(['203.0.113.5']),
    fetch: async () => new Response('', { status: 429, headers: { 'Retry-After': '7' } }),
  }
  expect(deliver(hook, letters, busy)).rejects.toMatchObject({
    message: 'Cannot deliver to the webhook ci: it answered 429',
    retryAfter: 7000,
  })
})

test('deliver() follows no redirect, and waits no longer than the hook allows', async () => {
  let inside = 0
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/inside') inside += 1
      if (pathname === '/slow') await new Promise(() => {})
      return new Response('', { status: 307, headers: { Location: '/inside' } })
    },
  })
  const local = (path: string, timeout: number): Hook => ({
    ...hook,
    url: new URL(`http://hooks.example.com:${server.port}${path}`),
    allowsPrivate: true,
    timeout,
  })
  const used = { ...services(['127.0.0.1'], ['127.0.0.1']), fetch }
  expect(deliver(local('/', 10_000), letters, used)).rejects.toThrow('it answered 307')
  const late = deliver(local('/slow', 20), letters, used)
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(inside).toBe(0)
})
