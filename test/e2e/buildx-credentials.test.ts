import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BuildServer, clientsMissing, openBuildServer } from './buildkit-client.ts'
import { writeContext } from './busybox.ts'
import { serveDockerRegistry } from './servers.ts'
import { missing } from './strake.ts'

const reason = clientsMissing('docker', 'docker-buildx')
if (reason) console.info(`skipped: credentials of buildx: ${reason}`)

describe.skipIf(reason !== undefined)('what only the client of docker buildx build has', () => {
  let server: BuildServer
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  const place = (name: string): string => join(server.strake.directory, name)

  const registry = missing('docker-registry')
  if (registry) console.info(`skipped: passwords of buildx: ${registry}`)
  test.skipIf(registry !== undefined)('its password pushes', async () => {
    const htpasswd = place('htpasswd')
    const hash = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 5 })
    writeFileSync(htpasswd, `me:${hash}\n`)
    await using pushed = await serveDockerRegistry(server.strake.directory, htpasswd)
    const context = await writeContext(place('pushed'), { Dockerfile: 'FROM busybox\n' })
    const argv = ['build', '--push', '-t', `${pushed.host}/app:1`, context]
    const refused = await server.buildx(argv)
    expect(refused.exitCode).toBe(1)
    // The server has another configuration, without the password.
    const config = place('of-the-client')
    cpSync(place('docker'), config, { recursive: true, verbatimSymlinks: true })
    const auth = Buffer.from('me:secret').toString('base64')
    const auths = { [pushed.host]: { auth } }
    writeFileSync(join(config, 'config.json'), JSON.stringify({ auths }))
    const { exitCode, stderr } = await server.buildx(argv, { env: { DOCKER_CONFIG: config } })
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('sharing credentials')])
    const tags = await fetch(`http://${pushed.host}/v2/app/tags/list`, {
      headers: { Authorization: `Basic ${auth}` },
    })
    expect(await tags.json()).toMatchObject({ tags: expect.arrayContaining(['1']) })
  })

  const ssh = missing('ssh-agent', 'ssh-add', 'ssh-keygen', 'ldd')
  if (ssh) console.info(`skipped: SSH agents of buildx: ${ssh}`)
  test.skipIf(ssh !== undefined)('its SSH agent answers a step', async () => {
    const socket = place('agent')
    const agent = Bun.spawn(['ssh-agent', '-D', '-a', socket], { stdout: 'ignore' })
    try {
      const key = place('key')
      Bun.spawnSync([
        'ssh-keygen',
        '-q',
        '-t',
        'ed25519',
        '-N',
        '',
        '-C',
        'of the client',
        '-f',
        key,
      ])
      const env = { SSH_AUTH_SOCK: socket }
      for (let tries = 0; tries < 50; tries++) {
        const added = Bun.spawnSync(['ssh-add', '-q', key], { env: { ...process.env, ...env } })
        if (added.exitCode === 0) break
        await Bun.sleep(20)
      }
      const context = await writeContext(place('with-agent'), {
        Dockerfile:
          'FROM busybox\nCOPY root/ /\nRUN --mount=type=ssh /ssh-add -l\nRUN ! /ssh-add -l\n',
      })
      const program = Bun.which('ssh-add') ?? ''
      const libraries = Bun.spawnSync(['ldd', program]).stdout.toString().match(/\/\S+/g) ?? []
      for (const path of libraries) {
        mkdirSync(join(context, 'root', dirname(path)), { recursive: true })
        cpSync(path, join(context, 'root', path), { dereference: true })
      }
      cpSync(program, join(context, 'root/ssh-add'), { dereference: true })
      const argv = ['build', '--progress', 'plain', '--ssh', 'default', context]
      const { exitCode, stderr } = await server.buildx(argv, { env })
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining('of the client (ED25519)')])
    } finally {
      agent.kill()
      await agent.exited
    }
  })
})
