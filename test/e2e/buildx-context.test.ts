import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildServer, clientsMissing, openBuildServer } from './buildkit-client.ts'
import { writeContext } from './busybox.ts'

const reason = clientsMissing('docker', 'docker-buildx')
if (reason) console.info(`skipped: contexts of buildx: ${reason}`)

/** The size in the last line about the context, in bytes. */
function transferred(progress: string): number {
  const [, number = '', unit = 'B'] =
    [...progress.matchAll(/transferring context: ([\d.]+)([kM]?B)/g)].at(-1) ?? []
  return Number(number) * ({ kB: 1000, MB: 1_000_000 }[unit] ?? 1)
}

describe.skipIf(reason !== undefined)('the context of docker buildx build', () => {
  let server: BuildServer
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const place = (name: string): string => join(server.strake.directory, name)
  const kept = (): readonly string[] => readdirSync(join(server.strake.root, 'received'))

  test('only files that changed travel again', async () => {
    const context = await writeContext(place('kept'), { Dockerfile: 'FROM scratch\nCOPY . /\n' })
    for (const name of ['a', 'b', 'c']) writeFileSync(join(context, name), randomBytes(100_000))
    const build = async (): Promise<number> => {
      const { exitCode, stderr } = await server.buildx([
        'build',
        '--progress',
        'plain',
        '-o',
        `type=local,dest=${place('out')}`,
        context,
      ])
      expect(exitCode).toBe(0)
      return transferred(stderr)
    }
    expect(await build()).toBeGreaterThan(300_000)
    expect(await build()).toBeLessThan(1000)
    writeFileSync(join(context, 'b'), randomBytes(100_000))
    rmSync(join(context, 'c'))
    const third = await build()
    expect(third).toBeGreaterThan(100_000)
    expect(third).toBeLessThan(110_000)
    rmSync(place('out'), { recursive: true })
    await build()
    expect(readdirSync(place('out')).toSorted()).toEqual(['Dockerfile', 'a', 'b'])
    const same = Bun.spawnSync(['diff', '-r', context, place('out')])
    expect(same.stdout.toString()).toBe('')
    expect(kept()).toHaveLength(1)
    await server.strake.ok('builder', 'prune', '-f')
    expect(kept()).toEqual([])
  })

  test('builds of the same directory at the same time do not disturb each other', async () => {
    const context = await writeContext(place('same'), { Dockerfile: 'FROM scratch\nCOPY . /\n' })
    for (let index = 0; index < 300; index++) writeFileSync(join(context, `f${index}`), `${index}`)
    const builds = await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const out = place(`same-${index}`)
        await server.buildx(['build', '-o', `type=local,dest=${out}`, context])
        return Bun.spawnSync(['diff', '-r', context, out]).stdout.toString()
      }),
    )
    expect(builds).toEqual(['', '', '', ''])
  })
})
