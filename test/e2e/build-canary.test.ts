import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type GitServer,
  gitMissing,
  serveGit,
  TestRepository,
} from '../../src/build/git/testing/git-server.ts'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc') ?? gitMissing
if (reason) console.info(`skipped: secrets of builds: ${reason}`)

/** Every secret of the test contains this text. */
const canary = 'c4n4ry'
const token = `${canary}-token`

/** The text in base64 at every offset, without the characters that also depend on its neighbours. */
function inBase64(text: string): readonly string[] {
  return [0, 1, 2].map((offset) =>
    Buffer.from(' '.repeat(offset) + text)
      .toString('base64')
      .slice(offset + 1, -4),
  )
}

describe.skipIf(reason !== undefined)('secrets of a build', () => {
  let strake: Strake
  let inputs: string
  let git: GitServer
  let web: ReturnType<typeof Bun.serve>
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    inputs = mkdtempSync(join(tmpdir(), 'strake-canary-'))
    await Bun.write(join(inputs, 'secret'), `${canary}-file`)
    const repository = new TestRepository(join(inputs, 'repositories/app.git'))
    repository.commit({ a: 'a', Dockerfile: 'FROM busybox\nCOPY a /\n' })
    git = serveGit(join(inputs, 'repositories'))
    git.authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`
    web = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        const sent = request.headers.get('authorization')
        const basic = Buffer.from(`me:${canary}-url`).toString('base64')
        const isKnown = sent === `Bearer ${token}` || sent === `Basic ${basic}`
        return isKnown ? new Response('file') : new Response('no', { status: 401 })
      },
    })
  })
  afterAll(async () => {
    git[Symbol.dispose]()
    await web.stop(true)
    await rm(inputs, { recursive: true })
    await strake[Symbol.asyncDispose]()
  })

  test('are in no layer, history, record, log and file of the store', async () => {
    const { host } = web.url
    const dockerfile = [
      'FROM busybox',
      `ADD ${web.url.href}secret /token`,
      `ADD http://me:${canary}-url@${host}/url /url`,
      `ADD --keep-git-dir=true ${git.url}/app.git /git`,
      'RUN --mount=type=secret,id=file --mount=type=secret,id=variable,env=VALUE \\',
      '  test -s /run/secrets/file && test -n "$VALUE"',
      'RUN test -f /token && test -f /url && test -f /git/a && ! grep -r c4n4 /git',
    ].join('\n')
    const context = await writeContext(join(inputs, 'context'), { Dockerfile: dockerfile })
    const secrets = [
      `id=file,src=${join(inputs, 'secret')}`,
      'id=variable,env=SECRET_VARIABLE',
      'id=GIT_AUTH_TOKEN,env=SECRET_TOKEN',
      'id=HTTP_AUTH_TOKEN_127.0.0.1,env=SECRET_TOKEN',
    ].flatMap((each) => ['--secret', each])
    const env = { SECRET_VARIABLE: `${canary}-variable`, SECRET_TOKEN: token }
    const metadata = join(strake.directory, 'metadata.json')
    const files = ['--metadata-file', metadata, '--iidfile', join(strake.directory, 'id')]
    const attested = ['--provenance=mode=max', '--sbom=true']
    const options = ['-t', 'secretive', ...secrets, ...files, ...attested]
    const build = ['build', '--progress', 'plain', ...options]
    const first = await strake.with({ env }, ...build, context)
    expect({ ...first, stdout: '' }).toMatchObject({ exitCode: 0 })
    const again = await strake.with({ env }, ...build, '--no-cache', context)
    const remote = await strake.with({ env }, ...build, `${git.url}/app.git`)
    const saved = join(strake.directory, 'saved.tar')
    await strake.ok('save', '-o', saved, 'secretive')
    const history = await strake.ok('history', '--no-trunc', 'secretive')
    for (const { exitCode, stdout, stderr } of [first, again, remote]) {
      expect(exitCode).toBe(0)
      expect(stdout + stderr).not.toContain(canary)
    }
    expect(history).not.toContain(canary)
    const encoded = Buffer.from(`x-access-token:${token}`).toString('base64').slice(0, 30)
    const patterns = [
      '-e',
      canary,
      '-e',
      encoded,
      '-e',
      Buffer.from(`me:${canary}`).toString('base64'),
      // The Dockerfile in the provenance is in base64.
      ...inBase64(canary).flatMap((text) => ['-e', text]),
    ]
    const found = await command(['grep', '-r', '-l', '-a', ...patterns, strake.directory])
    expect(found).toMatchObject({ exitCode: 1, stdout: '' })
  })

  test('are replaced in the recorded output of a step that prints them', async () => {
    const context = await writeContext(join(inputs, 'printing'), {
      Dockerfile:
        'FROM busybox\nRUN --mount=type=secret,id=s echo "a $(cat /run/secrets/s) b"; false\n',
    })
    const env = { PRINTED: `${canary}-printed` }
    const build = ['build', '--progress', 'quiet', '--secret', 'id=s,env=PRINTED', context]
    expect(await strake.with({ env }, ...build)).toMatchObject({ exitCode: 1 })
    expect((await strake('buildx', 'history', 'logs')).stderr).toContain('a *** b')
    const found = await command(['grep', '-r', '-l', '-a', canary, strake.directory])
    expect(found).toMatchObject({ exitCode: 1, stdout: '' })
  })

  test('are in no message of a build that fails', async () => {
    const context = await writeContext(join(inputs, 'failing'), {
      Dockerfile: `FROM busybox\nADD ${web.url.href}none /x\nRUN --mount=type=secret,id=s false\n`,
    })
    const env = { WRONG: `${canary}-wrong` }
    const secrets = [
      '--secret',
      'id=HTTP_AUTH_TOKEN_127.0.0.1,env=WRONG',
      '--secret',
      'id=s,env=WRONG',
    ]
    const failed = await strake.with({ env }, 'build', '--progress', 'plain', ...secrets, context)
    expect(failed.exitCode).toBe(1)
    expect(failed.stdout + failed.stderr).not.toContain(canary)
    const wrong = ['--secret', 'id=GIT_AUTH_TOKEN,env=WRONG']
    const refused = await strake.with({ env }, 'build', ...wrong, `${git.url}/app.git`)
    expect(refused.exitCode).toBe(1)
    expect(refused.stdout + refused.stderr).not.toContain(canary)
  })
})
