import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The most kilobytes of code, before it is made smaller, that a command or a role loads to begin. */
const most: Readonly<Record<string, number>> = {
  'cli/commands/attach-command.ts': 80,
  'cli/commands/container-command.ts': 70,
  'cli/commands/exec-command.ts': 170,
  'cli/commands/image-command.ts': 70,
  'cli/commands/images-command.ts': 95,
  'cli/commands/inspect-command.ts': 190,
  'cli/commands/kill-command.ts': 85,
  'cli/commands/logs-command.ts': 95,
  'cli/commands/network-command.ts': 190,
  'cli/commands/port-command.ts': 90,
  'cli/commands/ps-command.ts': 135,
  'cli/commands/rm-command.ts': 85,
  'cli/commands/run-command.ts': 80,
  'cli/commands/start-command.ts': 85,
  'cli/commands/stop-command.ts': 90,
  'cli/commands/system-command.ts': 100,
  'cli/commands/top-command.ts': 85,
  'cli/commands/volume-command.ts': 160,
  'container/monitor/main.ts': 131,
  'container/verbs/start.ts': 240,
  'engine/container/launch.ts': 75,
  'engine/container/run.ts': 285,
}

const source = resolve(import.meta.dir, '../../src')
const built = mkdtempSync(join(tmpdir(), 'loaded-code-'))
/** The chunks of the program, as `scripts/build` divides it, without their paths. */
const chunks = new Map<string, string>()

beforeAll(async () => {
  const { success, logs } = await Bun.build({
    entrypoints: [join(source, 'cli/main.ts')],
    outdir: built,
    root: source,
    target: 'bun',
    format: 'esm',
    splitting: true,
  })
  if (!success) throw new AggregateError(logs)
  for (const name of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.js')) chunks.set(join(built, name), readFileSync(join(built, name), 'utf8'))
  }
})

afterAll(() => rmSync(built, { recursive: true }))

const imported = /^(?:import|export)\s[^'"`;]*?from\s*"(\.[^"]+)"|^import "(\.[^"]+)"/gm

/** The chunks that are loaded with a file. */
function chunksOf(file: string): readonly string[] {
  const own = [...chunks].find(([, text]) => text.includes(`// src/${file}\n`))
  if (own === undefined) throw new Error(`no chunk has ${file}`)
  const loaded = new Set([own[0]])
  for (const path of loaded) {
    for (const [, from, only] of (chunks.get(path) ?? '').matchAll(imported)) {
      loaded.add(resolve(dirname(path), from ?? only ?? ''))
    }
  }
  return [...loaded].map((path) => chunks.get(path) ?? '')
}

/** The sizes of the files that are loaded with a file, in bytes. */
function loadedWith(file: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>()
  for (const text of chunksOf(file)) {
    const [, ...parts] = text.split(/^\/\/ (src\/\S+)$/m)
    for (let index = 0; index < parts.length; index += 2) {
      sizes.set(parts[index] ?? '', parts[index + 1]?.length ?? 0)
    }
  }
  return sizes
}

test.each(Object.entries(most))('%s loads at most %d kB', (file, kilobytes) => {
  const sizes = [...loadedWith(file)].sort(([, a], [, b]) => b - a)
  const total = sizes.reduce((sum, [, size]) => sum + size, 0)
  // The largest files show what was added.
  const shown = total > kilobytes * 1000 ? sizes.slice(0, 20) : []
  expect(shown).toEqual([])
  expect(sizes.length).toBeGreaterThan(10)
})

/** The modules of Node that are loaded with a file. The bundler writes `node:fs` as `fs`. */
function modulesOf(file: string): readonly string[] {
  const imports = chunksOf(file).flatMap((text) => [
    ...text.matchAll(/^import\b[^;"]*"([^."][^"]*)"/gm),
  ])
  return imports.map(([, name = '']) => name)
}

test('a monitor begins without a module of Node, because each takes time and memory in every container', () => {
  expect(modulesOf('container/monitor/main.ts')).toEqual([])
})

test('exec begins without the files of Node, because they take 3 ms', () => {
  expect(modulesOf('container/verbs/exec.ts').filter((name) => name.includes('fs'))).toEqual([])
})
