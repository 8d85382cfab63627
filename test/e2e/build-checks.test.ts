import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import answers from '../../src/build/testing/check-answers.json' with { type: 'json' }
import { writeContext } from './busybox.ts'
import { end, freePort, until } from './servers.ts'
import { command, type Outcome } from './strake.ts'

/** Programs of other projects, built from source. */
const peers = '/var/cache/strake-gopeers'
const needed = ['buildkitd', 'docker-buildx', 'registry']
const absent = needed.filter((name) => !existsSync(`${peers}/${name}`))
const reason =
  process.getuid?.() !== 0 ? 'it needs root' : absent.length > 0 ? `it needs ${absent}` : undefined
if (reason) console.info(`skipped: build checks of BuildKit: ${reason}`)

interface Answer {
  readonly name: string
  readonly dockerfile: string
  readonly ignore?: string
  readonly args?: Readonly<Record<string, string>>
  readonly target?: string
  readonly warnings: readonly string[]
  readonly errorLine?: number
}

interface Range {
  readonly start: { readonly line: number }
  readonly end: { readonly line: number }
}

interface Document {
  readonly warnings:
    | readonly {
        readonly ruleName: string
        readonly detail: string
        readonly location: { readonly ranges: readonly Range[] }
      }[]
    | null
  readonly buildError?: { readonly location: { readonly ranges?: readonly Range[] } }
}

/** Every tenth answer, unless STRAKE_ALL_ANSWERS=1: all of them take minutes. */
const asksAll = process.env['STRAKE_ALL_ANSWERS'] === '1'
const table = (answers as readonly Answer[]).filter((_, index) => asksAll || index % 10 === 0)

describe.skipIf(reason !== undefined)('the kept answers of BuildKit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strake-checks-'))
  const children: Bun.Subprocess[] = []
  let registry: string

  const buildx = (...args: readonly string[]): Promise<Outcome> =>
    command([`${peers}/docker-buildx`, ...args], {
      env: { BUILDX_CONFIG: join(directory, 'buildx'), HOME: directory },
      timeout: 60_000,
    })

  const start = (argv: readonly string[]): void => {
    children.push(Bun.spawn([...argv], { stdout: 'ignore', stderr: 'ignore' }))
  }

  beforeAll(async () => {
    const port = await freePort()
    registry = `localhost:${port}`
    const settings = `version: 0.1\nstorage: {filesystem: {rootdirectory: ${directory}/registry}}\nhttp: {addr: "127.0.0.1:${port}"}\n`
    await writeFile(join(directory, 'registry.yml'), settings)
    start([`${peers}/registry`, 'serve', join(directory, 'registry.yml')])
    const address = `unix://${directory}/buildkitd.sock`
    const worker = ['--oci-worker-snapshotter=native', '--containerd-worker=false']
    const daemon = [`${peers}/buildkitd`, '--root', join(directory, 'root'), '--addr', address]
    // Its mounts must not appear on this machine.
    start(['unshare', '--mount', '--propagation', 'private', ...daemon, ...worker])
    await until(async () => (await fetch(`http://${registry}/v2/`)).ok)
    await until(async () => existsSync(join(directory, 'buildkitd.sock')))
    await buildx('create', '--name', 'peer', '--driver', 'remote', address)
    const base = await writeContext(join(directory, 'base'), {
      Dockerfile: 'FROM scratch\nENV JAVA_HOME=/jdk\nCOPY Dockerfile /\n',
    })
    for (const [name, platform] of [
      ['base', 'linux/amd64'],
      ['arm', 'linux/arm64'],
    ] as const) {
      const image = ['-t', `${registry}/${name}`, '--platform', platform, '--provenance=false']
      const pushed = await buildx('build', '--builder', 'peer', ...image, '--push', base)
      expect(pushed).toMatchObject({ exitCode: 0 })
    }
  }, 60_000)
  afterAll(async () => {
    for (const child of children.reverse()) await end(child)
    await rm(directory, { recursive: true, force: true })
  })

  test.each(table.map((answer) => [answer.name, answer] as const))(
    'BuildKit still answers so to %s',
    async (name, { dockerfile, ignore, args = {}, target, warnings, errorLine }) => {
      const context = await writeContext(join(directory, 'contexts', name), {
        Dockerfile: dockerfile.replaceAll('localhost:5055', registry),
        ...(ignore !== undefined && { '.dockerignore': ignore }),
      })
      const given = Object.entries(args).flatMap((pair) => ['--build-arg', pair.join('=')])
      const more = target === undefined ? given : [...given, '--target', target]
      const options = ['--builder', 'peer', '--platform', 'linux/amd64', ...more]
      const asked = await buildx('build', ...options, '--call', 'check,format=json', context)
      const found = JSON.parse(asked.stdout.replaceAll(registry, 'localhost:5055')) as Document
      const shown = (found.warnings ?? []).map(({ ruleName, detail, location: { ranges } }) => {
        const [first] = ranges
        return `${first?.start.line}-${ranges.at(-1)?.end.line} ${ruleName} ${detail}`
      })
      expect(shown.sort()).toEqual([...warnings])
      const line = found.buildError?.location.ranges?.[0]?.start.line ?? 0
      expect(found.buildError === undefined ? undefined : line).toBe(errorLine)
    },
  )
})
