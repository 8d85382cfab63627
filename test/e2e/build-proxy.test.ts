import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { end } from './servers.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'unshare', 'nsenter', 'ip')
if (reason) console.info(`skipped: build --network proxy: ${reason}`)

/** An address for documentation, which only the network namespace of the test has. */
const address = '192.0.2.1'

describe.skipIf(reason !== undefined)('build --network proxy', () => {
  let strake: Strake
  let context: string
  let site: string
  let server: Bun.Subprocess<'ignore', 'pipe', 'inherit'>
  let origin: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    site = join(strake.directory, 'site')
    await mkdir(site)
    await writeFile(join(site, 'file'), 'one')
    const script = `ip link set lo up && ip addr add ${address}/32 dev lo && exec "$@"`
    const serve = [process.execPath, join(import.meta.dir, 'file-server.ts'), address, site]
    server = Bun.spawn(['unshare', '--net', 'sh', '-c', script, 'sh', ...serve], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const { value } = await server.stdout.getReader().read()
    origin = `http://${address}:${new TextDecoder().decode(value).trim()}`
    context = join(strake.directory, 'context')
  })
  afterAll(async () => {
    await end(server)
    await strake[Symbol.asyncDispose]()
  })

  const build = async (run: string, ...args: readonly string[]): Promise<Outcome> => {
    await writeContext(context, { Dockerfile: `FROM busybox\nRUN ${run}\n` })
    const inside = ['nsenter', `--net=/proc/${server.pid}/ns/net`, program, 'build']
    return command([...inside, '--network', 'proxy', '--progress', 'plain', ...args, context], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
    })
  }
  const lock = async (): Promise<{ sources: readonly Record<string, string>[] }> =>
    JSON.parse(await readFile(`${context}/build.lock`, 'utf8'))
  const sha256 = (text: string): string =>
    `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`

  test('records what a command downloads, also of a cached step, and leaves no trace in the layer', async () => {
    const run = `busybox wget -q -O /got ${origin}/file?a=b && [ "$(cat /got)" = one ] && busybox grep -q CERTIFICATE $SSL_CERT_FILE && ls -A /dev > /devices`
    const download = { kind: 'download', url: `${origin}/file?a=b`, digest: sha256('one') }
    const first = await build(run, '--lock', '-t', 'app')
    expect([first.exitCode, first.exitCode === 0 ? '' : first.stderr]).toEqual([0, ''])
    expect((await lock()).sources).toContainEqual(download)
    const cached = await build(run, '--lock')
    expect(cached.stderr).toContain('CACHED')
    expect((await lock()).sources).toContainEqual(download)
    const paths = (await strake.ok('diff', 'app')).split('\n')
    expect(paths.filter((path) => /got|devices/.test(path)).length).toBe(2)
    expect(paths.filter((path) => /strake|ca.pem|ssl|wgetrc/.test(path))).toEqual([])
    expect(await strake.ok('inspect', 'app')).not.toMatch(/proxy|SSL_CERT/i)
  })

  test('a locked build refuses other content and other URLs, also when the command ignores it', async () => {
    const run = `busybox wget -q -O /got ${origin}/file`
    expect(await build(run, '--lock', '--no-cache')).toMatchObject({ exitCode: 0 })
    expect(await build(run, '--locked', '--no-cache')).toMatchObject({ exitCode: 0 })
    await writeFile(join(site, 'file'), 'two')
    const changed = await build(`${run} || true`, '--locked', '--no-cache')
    expect(changed.exitCode).toBe(1)
    expect(changed.stderr).toContain(
      `Cannot use ${origin}/file: it is ${sha256('two')} now, and ${sha256('one')} in the lock file`,
    )
    const other = await build(`${run.replace('/file', '/other')} || true`, '--locked')
    expect(other.exitCode).toBe(1)
    expect(other.stderr).toContain(`Cannot use ${origin}/other: the lock file does not have it`)
    const request = `POST ${origin}/file HTTP/1.0\\r\\nHost: h\\r\\nContent-Length: 1\\r\\n\\r\\nx`
    const send = `printf '${request}' | busybox nc 127.0.0.1 \${http_proxy##*:}`
    const post = await build(send, '--locked')
    expect(post.exitCode).toBe(1)
    expect(post.stderr).toContain(
      `Cannot send POST to ${origin}/file: a locked build only downloads`,
    )
  })

  test('is the only way out, and leads neither to this machine nor to denied URLs', async () => {
    const direct = await build(`env -u http_proxy busybox wget -q -T 2 -O- ${origin}/file`)
    expect(direct.exitCode).toBe(1)
    const own = await build(
      `busybox wget -q -O- ${origin.replace(address, '127.0.0.1.nip.invalid')} || busybox wget -q -O- http://127.0.0.1:1/`,
    )
    expect(own.exitCode).toBe(1)
    const local = await build(`env -u no_proxy busybox wget -O- http://127.0.0.2:1/ 2>&1`)
    expect(local.exitCode).toBe(1)
    expect(local.stderr).toMatch(/502|Bad Gateway|refused/i)
    const policy = join(strake.directory, 'policy.json')
    const rules = [{ action: 'DENY', selector: { identifier: `${origin}/*` } }]
    await writeFile(policy, JSON.stringify({ version: 1, rules }))
    const denied = await build(
      `busybox wget -q -O- ${origin}/file || true`,
      '--source-policy-file',
      policy,
    )
    expect(denied.exitCode).toBe(1)
    expect(denied.stderr).toContain(`Cannot use ${origin}/file: the source policy denies it`)
  })

  test('hides values of secrets in the lock file', async () => {
    await writeFile(join(site, 'private'), 'p')
    const secret = join(strake.directory, 'secret')
    await writeFile(secret, 'canary-5f1e\n')
    const run = `--mount=type=secret,id=s busybox wget -q -O /p "${origin}/private?key=$(cat /run/secrets/s)"`
    const built = await build(run, '--lock', '--secret', `id=s,src=${secret}`)
    expect([built.exitCode, built.exitCode === 0 ? '' : built.stderr]).toEqual([0, ''])
    expect((await lock()).sources).toContainEqual({
      kind: 'download',
      url: `${origin}/private?key=xxxxx`,
      digest: sha256('p'),
    })
  })
})
