import { describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { serveStrakeRegistry } from './servers.ts'
import { command, missing, openStrake } from './strake.ts'

const project = resolve(import.meta.dir, '../..')
const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: library: ${reason}`)

describe.skipIf(reason !== undefined)('library', () => {
  test('the example builds, runs, serves, pushes and pulls in one Bun program', async () => {
    await using strake = await openStrake()
    await importBusybox(strake)
    const context = await writeContext(`${strake.directory}/context`, {
      Dockerfile: 'FROM busybox\nCOPY file /file\nCMD ["cat", "/file"]\n',
      file: 'from the library\n',
    })
    const argv = [`${project}/scripts/bun`, `${project}/examples/library.ts`, context]
    const outcome = await command(argv, { env: strake.env, cwd: project })
    expect(outcome.stderr).not.toContain('error')
    expect(outcome.stdout.split('\n').map((line) => line.replace(/sha256:\w+/, 'DIGEST'))).toEqual([
      'built DIGEST',
      'from the library',
      'ran, exit code 0',
      'pushed and pulled DIGEST true',
      '',
    ])
    expect(outcome.exitCode).toBe(0)
  }, 60_000)

  const node = resolve(project, 'node_modules/.bin/node')

  test('the pure folders parse a Dockerfile on Node', async () => {
    const argv = [node, 'examples/lint.ts', 'examples/hello-web/Dockerfile']
    const outcome = await command(argv, { cwd: project })
    expect(outcome).toEqual({ exitCode: 0, stdout: '2 stages: pages, 1\n', stderr: '' })
  })

  test('the registry client pulls an image into a directory on Node', async () => {
    await using strake = await openStrake()
    await importBusybox(strake)
    await using server = await serveStrakeRegistry(strake)
    await strake.ok('tag', 'busybox', `${server.host}/busybox:1`)
    const pushed = await strake.ok('push', `${server.host}/busybox:1`)
    const directory = `${strake.directory}/layout`
    const argv = [node, 'examples/pull-to-directory.ts', server.host, 'busybox', '1', directory]
    const outcome = await command(argv, { cwd: project, env: strake.env })
    expect(outcome.stderr).toBe('')
    const digest = /sha256:\w+/.exec(pushed)?.[0] ?? ''
    expect(outcome.stdout).toContain(`pulled ${digest}`)
    const blob = `${directory}/blobs/${digest.replace(':', '/')}`
    const { layers } = JSON.parse(await Bun.file(blob).text())
    expect(
      await Bun.file(`${directory}/blobs/${layers[0].digest.replace(':', '/')}`).exists(),
    ).toBe(true)
  }, 60_000)
})
