import { expect, test } from 'bun:test'
import { forward } from './forward.ts'

interface Sent {
  readonly url: string
  readonly init: BunFetchRequestInit
}

async function send(
  url: string,
  {
    address = '192.0.2.1',
    from = 'any' as 'any' | 'public',
    headers = {},
    method = 'GET',
  }: {
    readonly address?: string
    readonly from?: 'any' | 'public'
    readonly headers?: Readonly<Record<string, string>>
    readonly method?: string
  } = {},
): Promise<Sent> {
  let sent: Sent | undefined
  const http = {
    fetch: async (target: string, init: BunFetchRequestInit) => {
      sent = { url: target, init }
      return new Response('')
    },
    lookup: async () => [address],
    env: {},
    idleTimeout: 1000,
  }
  const body = (async function* () {
    yield Buffer.from('sent')
  })()
  const { signal } = new AbortController()
  await forward({ method, url, headers, body }, { from, http, signal })
  if (sent === undefined) throw new Error('nothing was sent')
  return sent
}

test.each([
  'http://127.0.0.1/',
  'http://127.8.8.8:99/',
  'http://0.0.0.0/',
  'http://169.254.169.254/latest/meta-data',
  'http://[::1]/',
  'http://[::]/',
  'http://[fe80::1]/',
  'http://[::ffff:127.0.0.1]/',
])('forward() refuses %s, an address of this machine', async (url) => {
  await expect(send(url)).rejects.toMatchObject({
    code: 'DENIED',
    message: expect.stringContaining('an address of this machine'),
  })
})

test('forward() refuses a name that means this machine, and private networks where wanted', async () => {
  await expect(send('https://h/', { address: '127.0.0.1' })).rejects.toThrow('this machine')
  await expect(send('https://h/', { address: '10.1.2.3', from: 'public' })).rejects.toThrow(
    'h is at 10.1.2.3, an address of an inner network',
  )
  expect(await send('https://h/', { address: '10.1.2.3' })).toMatchObject({
    url: 'https://10.1.2.3/',
  })
})

test('forward() connects to the address that it has checked, and follows no redirect', async () => {
  const { url, init } = await send('https://h:8443/a?b=c')
  expect(url).toBe('https://192.0.2.1:8443/a?b=c')
  expect(init).toMatchObject({
    headers: { Host: 'h:8443' },
    tls: { serverName: 'h' },
    redirect: 'manual',
    decompress: false,
  })
})

test('forward() asks for the whole content, and passes other headers and bodies on', async () => {
  const headers = { range: 'bytes=0-1', 'if-none-match': '"a"', accept: 'x/y' }
  const { init } = await send('http://h/', { headers, method: 'POST' })
  expect(init.headers).toEqual({ accept: 'x/y', Host: 'h' })
  expect(await new Response(init.body).text()).toBe('sent')
  expect((await send('http://h/')).init.body).toBeUndefined()
})
