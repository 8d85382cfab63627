import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createAuthority } from './authority.ts'
import { openRecorder, type ProxiedRequest, type Recorder } from './recorder.ts'

describe('createAuthority()', () => {
  const authority = createAuthority()
  const root = new X509Certificate(authority.cert)

  test('signs certificates for names and addresses, and only for these', () => {
    for (const host of ['example.com', '127.0.0.1', '::1', `${'a'.repeat(60)}.example.com`]) {
      const { cert, key } = authority.issue(host)
      const found = new X509Certificate(cert)
      const isAddress = /^[\d.]+$|:/.test(host)
      expect([host, found.checkIssued(root), found.verify(root.publicKey)]).toEqual([
        host,
        true,
        true,
      ])
      expect(isAddress ? found.checkIP(host) : found.checkHost(host)).toBe(host)
      expect(found.checkHost('other.example.com')).toBeUndefined()
      expect([found.ca, root.ca]).toEqual([false, true])
      expect(key).toStartWith('-----BEGIN PRIVATE KEY-----')
      expect(authority.issue(host).cert).toBe(cert)
    }
  })

  test('is another authority each time, and is valid for two days', () => {
    expect(createAuthority().cert).not.toBe(authority.cert)
    const [from, to] = [Date.parse(root.validFrom), Date.parse(root.validTo)]
    expect(to - from).toBe(2 * 86_400_000)
  })
})

const reason =
  process.getuid?.() !== 0
    ? 'it needs root'
    : ['curl', 'nsenter'].every((name) => existsSync(`/usr/bin/${name}`))
      ? undefined
      : 'it needs curl and nsenter'

describe.skipIf(reason !== undefined)(`openRecorder() (${reason ?? 'as root'})`, () => {
  let directory: string
  let recorder: Recorder
  const requests: ProxiedRequest[] = []
  const bodies: string[] = []
  const big = Buffer.alloc(8_000_000, 'x')
  beforeAll(async () => {
    directory = mkdtempSync(`${tmpdir()}/strake-recorder-`)
    recorder = await openRecorder({
      directory,
      async exchange(request) {
        requests.push(request)
        let body = ''
        for await (const chunk of request.body) body += Buffer.from(chunk).toString()
        bodies.push(body)
        if (request.url.endsWith('/refused')) throw new Error('the lock file does not have it')
        if (request.url.endsWith('/big')) return new Response(new Uint8Array(big))
        return new Response(`answer to ${request.url}`, { status: 201, headers: { 'X-A': 'b' } })
      },
    })
    writeFileSync(`${directory}/ca`, recorder.cert)
  })
  afterAll(async () => {
    await recorder[Symbol.asyncDispose]()
    expect(existsSync(recorder.namespace)).toBe(false)
    rmSync(directory, { recursive: true })
  })

  const curl = async (...args: readonly string[]): Promise<string> => {
    const { out, error, exitCode } = await run(...args)
    return exitCode === 0 ? out : `failed: ${error}`
  }
  const all = async (...args: readonly string[]): Promise<string> => (await run(...args)).out
  const run = async (...args: readonly string[]) => {
    const command = ['nsenter', `--net=${recorder.namespace}`, 'curl', '-sS', '-m', '20', ...args]
    const env = {
      ...Object.fromEntries(recorder.env.map((line) => line.split(/=(.*)/s).slice(0, 2))),
      CURL_CA_BUNDLE: `${directory}/ca`,
    }
    const child = Bun.spawn(command, { env, stdout: 'pipe', stderr: 'pipe' })
    const [out, error] = [
      await new Response(child.stdout).text(),
      await new Response(child.stderr).text(),
    ]
    return { out, error, exitCode: await child.exited }
  }

  test('shows requests of HTTP and of HTTPS, and passes the answers on', async () => {
    for (const url of [
      'http://example.com/a?b=c',
      'https://example.com:8443/d',
      'https://[2001:db8::1]/e',
    ]) {
      requests.length = 0
      expect(await curl('-w', ' %{http_code} %header{x-a}', url)).toBe(`answer to ${url} 201 b`)
      expect(requests).toMatchObject([{ method: 'GET', url }])
      expect(Object.keys(requests[0]?.headers ?? {})).not.toContain('proxy-connection')
    }
  })

  test('passes large answers and bodies of requests on', async () => {
    expect((await curl('https://example.com/big')).length).toBe(big.length)
    await curl('-d', 'some text', 'https://example.com/post')
    expect([requests.at(-1)?.method, bodies.at(-1)]).toEqual(['POST', 'some text'])
    await curl('-d', 'more', 'http://example.com/post')
    expect([requests.at(-1)?.method, bodies.at(-1)]).toEqual(['POST', 'more'])
  })

  test('answers with the reason of a refusal', async () => {
    expect(await curl('-w', ' %{http_code}', 'https://example.com/refused')).toBe(
      'the lock file does not have it\n 502',
    )
  })

  test('is the only way out', async () => {
    expect(await curl('--noproxy', '*', 'http://192.0.2.1/')).toStartWith('failed:')
    const interfaces = Bun.spawnSync([
      'nsenter',
      `--net=${recorder.namespace}`,
      'cat',
      '/proc/net/dev',
    ])
    expect(
      interfaces.stdout
        .toString()
        .match(/^ *\w+(?=:)/gm)
        ?.map((name) => name.trim()),
    ).toEqual(['lo'])
    expect(readFileSync('/proc/net/dev', 'utf8')).not.toBe(interfaces.stdout.toString())
  })

  test('opens tunnels to 512 servers at most, and still takes requests of HTTP', async () => {
    const tunnels = ['--proxytunnel', '-k', '-I', '-o', '/dev/null', '-w', '%{http_connect}\n']
    // A program that speaks no TLS inside the tunnel gets no answer, so every transfer is short.
    const codes = await all('-s', ...tunnels, 'http://example.com:[1-600]/')
    const counts = codes.split('\n').filter((code) => code === '200').length
    expect(counts).toBeGreaterThan(500)
    expect(counts).toBeLessThanOrEqual(512)
    expect(codes).toContain('502')
    expect(await curl('http://example.com/a')).toStartWith('answer to')
  })
})
