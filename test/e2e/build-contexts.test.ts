import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build contexts: ${reason}`)

describe.skipIf(reason !== undefined)('build with named contexts', () => {
  let strake: Strake
  let layout: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    layout = join(strake.directory, 'layout')
    await strake.ok('save', '-o', `${layout}.tar`, 'busybox')
    await command(['mkdir', layout])
    await command(['tar', '-C', layout, '-xf', `${layout}.tar`])
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  const build = async (dockerfile: string, ...args: readonly string[]) => {
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
    })
    return strake('build', '--progress', 'plain', ...args, context)
  }

  test('an image of a layout is the base, and has no name in the store afterwards', async () => {
    const before = await strake.ok('images', '--all', '--quiet')
    for (const suffix of ['', ':latest']) {
      const named = `tools=oci-layout://${layout}${suffix}`
      const built = await build('FROM tools\nRUN ls /bin/sh\n', '--build-context', named)
      expect(built).toMatchObject({ exitCode: 0 })
    }
    const after = await strake.ok('images', '--all', '--quiet')
    expect(after.split('\n').length).toBe(before.split('\n').length + 1)
  })

  test('a Dockerfile cannot name a layout or another file of the machine', async () => {
    for (const from of [`oci-layout://${layout}`, `file://${layout}`]) {
      const { exitCode, stderr } = await build(`FROM ${from}\n`)
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Cannot ')])
    }
  })

  test('the Dockerfile may be a pipe that the shell passes', async () => {
    const context = await writeContext(join(strake.directory, 'piped'), { file: 'text' })
    const script = async (line: string) =>
      command(['bash', '-c', line, program, context], { env: strake.env })
    const text = "printf 'FROM scratch\\nCOPY file /\\n'"
    for (const line of [
      `"$0" build -q -f <(${text}) "$1"`,
      `${text} | "$0" build -q -f /dev/stdin "$1"`,
      `tar -C "$1" -c . | "$0" build -q -f <(${text}) -`,
    ]) {
      expect([line, await script(line)]).toMatchObject([line, { exitCode: 0, stderr: '' }])
    }
    expect((await script('"$0" build -q -f <(:) "$1"')).stderr).toMatch(
      /Cannot build from \/dev\/fd\/\d+: it is empty/,
    )
    expect((await script('"$0" build -q -f /dev/fd/77 "$1"')).stderr).toBe(
      'strake: Cannot read /dev/fd/77: it cannot be opened\n',
    )
  })

  test('an archive that is named as the context is given on standard input', async () => {
    const { stderr } = await strake('build', `${layout}.tar`)
    expect(stderr).toContain(`Cannot build ${layout}.tar: it is not a directory`)
    expect(stderr).toContain('strake build - < FILE')
  })

  test('mistakes are refused before the build, with a remedy', async () => {
    const refusals = [
      [`x=oci-layout://${layout}:none`, 'it has no such image', 'it has latest'],
      ['x=/none', '/none is not a directory', ''],
      ['x', 'expected NAME=SOURCE', ''],
      ['x=target:y', 'only a bake file has targets', ''],
      ['x=sftp://h/y', 'there is no sftp://', ''],
    ] as const
    for (const [context, sentence, remedy] of refusals) {
      const { exitCode, stderr } = await build('FROM x\n', '--build-context', context)
      expect([context, exitCode]).toEqual([context, 1])
      expect(stderr).toContain(sentence)
      expect(stderr).toContain(remedy)
    }
  })
})
