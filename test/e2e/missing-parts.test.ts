import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'unshare', 'mount')
if (reason) console.info(`skipped: missing parts: ${reason}`)

describe.skipIf(reason !== undefined)('a machine without an OCI runtime', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('refuses to run with the reason, leaves nothing, and still handles images', async () => {
    const runtimes = ['crun', 'runc', 'youki', 'runsc'].flatMap((name) => Bun.which(name) ?? [])
    const script = [
      ...runtimes.map((path) => `mount --bind /dev/null ${path}`),
      '$0 run busybox true; echo $?',
      '$0 tag busybox other; $0 images -q other; $0 ps -aq',
    ].join('\n')
    const inside = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
    const { stdout, stderr } = await command([...inside, program], { env: strake.env })
    const id = await strake.ok('images', '-q', 'busybox')
    expect(stdout).toBe(`125\n${id}\n`)
    expect(stderr).toStartWith('strake: Cannot run containers: ')
    expect(stderr).toContain('runc')
    expect(existsSync(`${strake.root}/containers`)).toBe(false)
  })
})
