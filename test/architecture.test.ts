import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const source = resolve(import.meta.dir, '../src')

/** What a folder may import, and why nothing else: DESIGN section 4. */
const allowed: Readonly<
  Record<string, { readonly imports: readonly string[]; readonly why: string }>
> = {
  oci: { imports: [], why: 'the specification types stand alone and run in a browser' },
  dockerfile: { imports: [], why: 'the language is pure text to AST and runs in a browser' },
  stream: { imports: ['oci'], why: 'transforms of bytes know digests and nothing of ours else' },
  platform: { imports: ['oci'], why: 'the kernel and the runtime are below everything of ours' },
  tar: { imports: ['oci', 'stream'], why: 'a codec turns bytes into entries and back' },
  erofs: { imports: ['oci', 'stream', 'tar'], why: 'an index is made of entries alone' },
  content: {
    imports: ['oci', 'stream', 'platform'],
    why: 'blobs know neither layers nor registries',
  },
  records: {
    imports: ['oci', 'stream', 'platform'],
    why: 'facts point at content but do not move it',
  },
  http: {
    imports: ['oci', 'stream'],
    why: 'a handler is a function of a request and knows no socket',
  },
  registry: {
    imports: ['oci', 'stream', 'http', 'content'],
    why: 'distribution works over any content store',
  },
  layer: { imports: ['oci', 'stream', 'tar', 'platform'], why: 'the layer algebra knows no store' },
  snapshot: {
    imports: ['oci', 'stream', 'tar', 'erofs', 'layer', 'platform'],
    why: 'filesystems are named by chain ID alone',
  },
  image: {
    imports: ['oci', 'stream', 'tar', 'content', 'records', 'layer', 'snapshot', 'platform'],
    why: 'an image is manifests and layers as one thing',
  },
  runtime: { imports: ['oci', 'platform'], why: 'a bundle is data and a root directory' },
  network: { imports: ['oci', 'platform'], why: 'a network hands out namespaces and addresses' },
  volume: { imports: ['oci', 'platform'], why: 'a volume is a directory that outlives containers' },
  container: {
    imports: [
      'oci',
      'stream',
      'platform',
      'content',
      'image',
      'snapshot',
      'runtime',
      'network',
      'volume',
      'records',
    ],
    why: 'a container is an image, a root, a network and a process',
  },
  build: {
    imports: [
      'oci',
      'stream',
      'tar',
      'platform',
      'dockerfile',
      'content',
      'records',
      'image',
      'layer',
      'snapshot',
      'runtime',
    ],
    why: 'a build makes images; networks and registries are handed in by the engine',
  },
  server: {
    imports: ['oci', 'stream', 'http', 'platform', 'content', 'registry'],
    why: 'what is served is composed here, without an engine',
  },
  docker: {
    imports: ['oci', 'platform', 'dockerfile', 'runtime', 'network', 'container'],
    why: "Docker's flags and words become typed options here, for whatever speaks Docker",
  },
  engine: {
    imports: [
      'oci',
      'stream',
      'tar',
      'platform',
      'dockerfile',
      'content',
      'records',
      'registry',
      'image',
      'layer',
      'snapshot',
      'runtime',
      'network',
      'container',
      'build',
      'server',
    ],
    why: 'the engine composes everything below the edges',
  },
  cli: {
    imports: ['oci', 'stream', 'platform', 'registry', 'engine', 'dockerfile', 'docker'],
    why: 'the command line renders what the engine does',
  },
}

interface SourceFile {
  readonly path: string
  readonly folder: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[]
}

const importPattern =
  /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|(?:^|[^.\w])import\(\s*['"]([^'"]+)['"]\s*\)/gm

function readSources(): readonly SourceFile[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('testdata'))
    .map((path) => {
      const text = readFileSync(join(source, path), 'utf8')
      const imports = [...text.matchAll(importPattern)].map((match) => ({
        target: match[2] ?? match[3] ?? '',
        typeOnly: match[1] !== undefined,
      }))
      return {
        path,
        folder: path.split('/')[0] ?? '',
        text,
        lines: text.split('\n').length,
        imports,
      }
    })
}

const files = readSources()
const production = files.filter(({ path }) => !isTestCode(path))

/** Contract suites and test programs are used by other folders' tests, so they count as test code. */
function isTestCode(path: string): boolean {
  return /\.test\.ts$|(^|\/)contract\.ts$|(^|\/)(fixtures?|testing)[^/]*\.ts$|\/test(bed|ing)\//.test(
    path,
  )
}

function violations(check: (file: SourceFile) => readonly string[]): readonly string[] {
  return production.flatMap((file) => check(file).map((reason) => `${file.path}: ${reason}`))
}

test('every folder of src is in the import table', () => {
  const unknown = [...new Set(files.map(({ folder }) => folder))].filter((name) => !allowed[name])
  expect(unknown).toEqual([])
})

test('folders import only what the table allows', () => {
  const found = violations(({ folder, imports }) =>
    imports
      .filter(({ target }) => target.startsWith('#'))
      .map(({ target }) => target.slice(1).split('/')[0] ?? '')
      .filter((target) => target !== folder && !allowed[folder]?.imports.includes(target))
      .map((target) => `imports #${target}, but ${allowed[folder]?.why}`),
  )
  expect(found).toEqual([])
})

test('relative imports stay inside their folder', () => {
  const found = violations(({ path, folder, imports }) =>
    imports
      .filter(({ target }) => target.startsWith('.') && !target.endsWith('/package.json'))
      .map(({ target }) => relative(source, resolve(source, dirname(path), target)))
      .filter((target) => target.split('/')[0] !== folder)
      .map((target) => `reaches ${target}: across folders import '#folder'`),
  )
  expect(found).toEqual([])
})

test('only src/platform knows Bun', () => {
  const found = violations(({ folder, text, imports }) => {
    if (folder === 'platform') return []
    const reasons = imports
      .filter(({ target }) => target === 'bun' || target.startsWith('bun:'))
      .map(({ target }) => `imports ${target}`)
    return /(^|[^.\w'"`/])Bun\./m.test(stripComments(text))
      ? [...reasons, 'uses the Bun global']
      : reasons
  })
  expect(found).toEqual([])
})

test('only src/server listens, so that no server is without its checks', () => {
  const served = /\bimport\s*\{[^}]*\bserve\b[^}]*\}\s*from\s*'#platform'/
  const found = violations(({ folder, text }) =>
    folder !== 'server' && served.test(text) ? ['calls serve() of the platform'] : [],
  )
  expect(found).toEqual([])
})

test('oci and dockerfile import no node module', () => {
  const found = violations(({ folder, imports }) =>
    folder === 'oci' || folder === 'dockerfile'
      ? imports.filter(({ target }) => target.startsWith('node:')).map(({ target }) => target)
      : [],
  )
  expect(found).toEqual([])
})

test('console and process.exit live in the command line only', () => {
  const found = violations(({ path, text }) => {
    const code = stripComments(text)
    const reasons: string[] = []
    if (/\bconsole\./.test(code) && !path.startsWith('cli/render/')) reasons.push('uses console')
    if (/\bprocess\.exit\(/.test(code) && !/^(cli|platform|container\/monitor)\//.test(path)) {
      reasons.push('ends the process')
    }
    return reasons
  })
  expect(found).toEqual([])
})

/** Files that hand bytes to a stream of the runtime, and why its queue may keep the chunks. */
const queues: Readonly<Record<string, string>> = {
  'registry/web-stream.ts': 'takes KeptBytes',
  'platform/serve.ts': 'chunks come from streams of the runtime, which make each anew',
  'container/session/own-monitor.ts': 'carries reports, not bytes',
}

test('only listed files let the runtime queue chunks, whose memory may be used again', () => {
  const queue =
    /\b(pipeline|createWriteStream|Readable\.from|ReadableStream\.from)\(|new ReadableStream\b/
  const found = production
    .filter(({ path, text }) => queues[path] === undefined && queue.test(stripComments(text)))
    .map(({ path }) => `${path}: use writeAll, a StreamFile or toReadableStream`)
  expect(found).toEqual([])
})

test('no file is over 500 lines and no test file over 600', () => {
  const found = files
    .filter(({ path, lines }) => lines > (isTestCode(path) ? 600 : 500))
    .map(({ path, lines }) => `${path} has ${lines} lines`)
  expect(found).toEqual([])
})

test('no escape from the type system and nothing left to do', () => {
  const evasion = /@ts-(ignore|expect-error|nocheck)|\bas any\b|: any\b|\bas unknown as\b/
  const found = files
    .filter(({ path }) => !path.startsWith('architecture'))
    .flatMap(({ path, text }) => {
      const reasons: string[] = []
      const typed = stripComments(text).match(evasion)
      if (typed) reasons.push(`${path}: ${typed[0].trim()}`)
      const unfinished = text.match(/\b(TODO|FIXME|XXX|HACK)\b/)
      if (unfinished) reasons.push(`${path}: ${unfinished[0]}`)
      return reasons
    })
  expect(found).toEqual([])
})

test('modules have no import cycle', () => {
  expect(findCycle(production)).toBeUndefined()
})

function findCycle(nodes: readonly SourceFile[]): string | undefined {
  const graph = new Map(nodes.map((file) => [file.path, edges(file)]))
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string): string | undefined => {
    if (done.has(path)) return undefined
    const at = trail.indexOf(path)
    if (at >= 0) return [...trail.slice(at), path].join(' -> ')
    trail.push(path)
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next)
      if (cycle) return cycle
    }
    trail.pop()
    done.add(path)
    return undefined
  }
  for (const path of graph.keys()) {
    const cycle = visit(path)
    if (cycle) return cycle
  }
  return undefined
}

/** Types vanish before anything runs, so only value imports count. */
function edges({ path, imports }: SourceFile): readonly string[] {
  return imports
    .filter(({ typeOnly }) => !typeOnly)
    .map(({ target }) => {
      // A whole folder, or one file of it where the rest would only be loaded for nothing.
      if (target.startsWith('#'))
        return `${target.slice(1)}${target.includes('/') ? '' : '/index'}.ts`
      return target.startsWith('.') ? relative(source, resolve(source, dirname(path), target)) : ''
    })
    .filter((target) => target !== '')
}

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}
