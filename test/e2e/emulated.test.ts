import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeContext } from './busybox.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const cache = resolve(import.meta.dir, '../.cache/arm64')
const reason = reasonToSkip()
if (reason) console.info(`skipped: emulated: ${reason}`)

function reasonToSkip(): string | undefined {
  if (process.arch === 'arm64') return 'it needs another machine than arm64'
  if (existsSync(`${cache}/qemu-aarch64-static`)) return missing('unshare', 'tar', 'runc')
  return 'it needs an emulator for arm64: scripts/setup peers'
}

/** Bytes in the unused part of an ELF header. The registration matches files with them alone. */
const mark = Buffer.from('strake1')
const markOffset = 9

describe.skipIf(reason !== undefined)('a RUN for another platform', () => {
  let strake: Strake
  let context: string
  const name = `strake-test-${process.pid}`

  beforeAll(async () => {
    strake = await openStrake()
    const busybox = readFileSync(`${cache}/busybox`)
    mark.copy(busybox, markOffset)
    const dockerfile = [
      'FROM scratch',
      'COPY --chmod=755 busybox /bin/busybox',
      'COPY --chmod=755 busybox /bin/sh',
      'ARG TARGETPLATFORM',
      'RUN /bin/busybox uname -m > /machine && echo $TARGETPLATFORM > /platform',
    ].join('\n')
    context = await writeContext(join(strake.directory, 'arm64'), { Dockerfile: dockerfile })
    writeFileSync(join(context, 'busybox'), busybox)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Runs a script where binfmt_misc is mounted and the emulator is registered. */
  async function withEmulator(script: string): Promise<Outcome> {
    const interpreter = `${cache}/qemu-aarch64-static`
    const registration = `:${name}:M:${markOffset}:${mark.toString()}::${interpreter}:F`
    const directory = '/proc/sys/fs/binfmt_misc'
    const lines = [
      `mount -t binfmt_misc none ${directory}`,
      `trap 'echo -1 > ${directory}/${name}' EXIT`,
      `printf '%s' '${registration}' > ${directory}/register`,
      script,
    ]
    return await command(['unshare', '--mount', 'sh', '-ec', lines.join('\n')], { env: strake.env })
  }

  test('runs in an emulator that is registered', async () => {
    const platforms = '--platform linux/arm64,linux/arm64/v9'
    const build = `${program} build -q --network none ${platforms} -o - ${context} > ${strake.directory}/out.tar`
    const outcome = await withEmulator(build)
    expect(outcome).toMatchObject({ exitCode: 0 })
    const read = async (path: string): Promise<string> => {
      const archive = ['tar', '-xOf', `${strake.directory}/out.tar`, path]
      return (await command(archive)).stdout.trim()
    }
    expect(await read('linux_arm64/machine')).toBe('aarch64')
    expect(await read('linux_arm64/platform')).toBe('linux/arm64')
    expect(await read('linux_arm64_v9/platform')).toBe('linux/arm64/v9')
  })

  test('names the packages of the emulator when none is registered', async () => {
    const outcome = await strake('build', '--network', 'none', '--no-cache', context)
    expect(outcome).toMatchObject({ exitCode: 1 })
    expect(outcome.stderr).toContain(
      'it is a program for arm64, and this machine has no emulator for arm64: install the packages qemu-user-static and binfmt-support',
    )
  })
})
