import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const source = resolve(import.meta.dir, '../src')

/** What a folder may import, and why nothing else. */
const allowed: Readonly<
  Record<string, { readonly imports: readonly string[]; readonly why: string }>
> = {
  oci: { imports: [], why: 'the specification types stand alone and run in a browser' },
  dockerfile: { imports: [], why: 'the language is pure text to AST and runs in a browser' },
  template: { imports: [], why: 'the language is a function of text and data' },
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
    imports: ['oci', 'stream', 'http', 'platform', 'content'],
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
  volume: {
    imports: ['oci', 'platform', 'records'],
    why: 'a volume is a directory and a record, which outlive containers',
  },
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
      'volume',
      'container',
      'build',
      'server',
    ],
    why: 'the engine composes everything below the edges',
  },
  docker: {
    imports: [
      'oci',
      'platform',
      'dockerfile',
      'template',
      'runtime',
      'network',
      'volume',
      'container',
      'engine',
    ],
    why: "Docker's flags become typed options here, and typed results Docker's words",
  },
  cli: {
    imports: ['oci', 'stream', 'platform', 'registry', 'engine', 'dockerfile', 'docker'],
    why: 'the command line renders what the engine does',
  },
}

/** The purpose of every folder inside a folder. */
const rooms: Readonly<Record<string, string>> = {
  'build/export': 'what becomes of a result, and how it is written down',
  'build/files': 'reading the context: trees, selections of files and their digests',
  'build/git': 'repositories of other machines, read with a git that trusts nothing in them',
  'build/layers': 'what a step writes: the archive of a layer, and what is known of it',
  'build/model': 'the graph, its states and errors: plain data that everything else names',
  'build/mounts': 'what a RUN sees that is in no layer',
  'build/ops': 'what each operation does',
  'build/plan': 'a Dockerfile becomes a graph; nothing is read but the Dockerfile',
  'build/solve': 'the graph is run, step by step',
  'build/source': 'where content comes from: contexts, Dockerfiles, the network',
  'build/step': 'what a step is given, and what names it in the cache',
  'build/times': 'which times files and images have',
  'cli/arguments': 'argv becomes values',
  'cli/commands': 'one file a command',
  'cli/completion': 'what may follow a word that is being typed',
  'cli/render': 'values become text: the only code that prints',
  'container/model': 'what a container is: plain data and its record',
  'container/monitor': 'the process that watches a container',
  'container/process': 'starting a process in a container, and its streams',
  'container/protocol': 'what a command and a monitor say to each other',
  'container/session': 'the side of the command: starting a monitor and talking to it',
  'container/observe': 'what a running container does and uses',
  'container/setup': 'what must be there before the process starts',
  'container/verbs': 'one file for what can be done to a container',
  'content/directory': 'the store of blobs on disk',
  'docker/columns': 'typed data becomes the words of ps',
  'docker/documents': "typed data becomes Docker's JSON",
  'docker/filters': 'conditions become typed filters',
  'docker/flags': 'flags become typed options',
  'dockerfile/expand': 'substitution of variables',
  'dockerfile/ignore': '.dockerignore',
  'dockerfile/instructions': 'one file for an instruction or for what several have in common',
  'dockerfile/lint': 'the rules of build --check',
  'engine/archive': 'images to and from files',
  'engine/collect': 'removing images, and what nothing reaches',
  'engine/build': 'building and importing',
  'engine/container': 'containers over one store',
  'engine/content': 'content that was dropped or damaged comes back',
  'engine/events': 'what happens in the store, as it happens',
  'engine/filter': 'conditions that several verbs share',
  'engine/host': 'what this machine offers',
  'engine/image': 'images over one store',
  'engine/push': 'images to registries',
  'engine/registry': 'serving, and logging in',
  'engine/store': 'looking after the store',
  'engine/volume': 'volumes over one store',
  'engine/usage': 'what takes how much space',
  'image/archive': 'images as archives: load, save, import',
  'image/compress': 'layers become compressed blobs, always the same ones',
  'network/bridge': 'the bridge, its addresses and its published ports',
  'network/proxy': 'ports on IPv6 addresses, passed on by a process',
  'platform/call': 'system calls, their errors, and what is read without node:fs',
  'platform/data': 'SQLite, and the order in which locks are taken',
  'platform/file': 'files and trees, by descriptor',
  'platform/kernel': 'mounts, overlays and loop devices',
  'platform/net': 'netlink, nftables, namespaces and ports',
  'platform/process': 'processes, pipes and terminals',
  'platform/work': 'threads that hash and compress',
  'records/tables': 'one group of facts a file',
  'registry/auth': 'tokens and challenges',
  'registry/client': 'a registry reached over HTTP',
  'registry/credentials': 'where user names and secrets are kept',
  'registry/http': 'requests that are retried and redirected safely; auth and client stand on it',
  'registry/server': 'a registry answers over HTTP',
  'registry/store': 'a registry over content and facts of this machine',
  'runtime/bundle': 'config.json and what it is made of',
  'runtime/root': 'the files of a container, as its processes see them',
  'snapshot/chain': 'what both kinds of snapshots share: folders, users, mounts by chain ID',
  'snapshot/erofs': 'layers as indexes over their archives, mounted in place',
  'snapshot/erofs/verify': 'files that are not as they were written: found, and made again',
  'snapshot/unpacked': 'layers as trees of files',
  'template/execute': 'templates are executed over values',
  'template/functions': 'what every template can call',
  'template/print': "verbs, flags and operands of Go's package fmt",
  'template/syntax': 'text becomes tokens, and tokens become nodes',
  'template/text': 'texts as bytes, as in Go: UTF-8, quotes and escapes',
  'template/value': 'typed values, and how they are made of plain data',
  'tar/read': 'bytes become entries',
  'tar/write': 'entries become bytes',
  'stream/decompress': 'telling compressions apart and undoing them, within limits',
}

/** Maximal production files of a folder. */
const mostFiles = 15

/** Folders with more files, and the reason. */
const wide: Readonly<Record<string, string>> = {
  'cli/commands': 'a command is found by its name',
  'dockerfile/instructions': 'an instruction is found by its name',
  oci: 'a noun of the specification is found by its name',
}

/** Maximal methods of an interface, without inherited ones. */
const mostMethods = 8

interface SourceFile {
  readonly path: string
  readonly folder: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly string[]
}

const importPattern =
  /^\s*(?:import|export)\s+(?:type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|(?:^|[^.\w])import\(\s*['"]([^'"]+)['"]\s*\)/gm

function readSources(): readonly SourceFile[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('testdata'))
    .map((path) => {
      const text = readFileSync(join(source, path), 'utf8')
      const imports = [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '')
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

/** Fixtures, contract suites and test programs lie in folders named `testing`. */
function isTestCode(path: string): boolean {
  return /\.test\.ts$|\/testing\//.test(path)
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
      .filter((target) => target.startsWith('#'))
      .map((target) => target.slice(1).split('/')[0] ?? '')
      .filter((target) => target !== folder && !allowed[folder]?.imports.includes(target))
      .map((target) => `imports #${target}, but ${allowed[folder]?.why}`),
  )
  expect(found).toEqual([])
})

test('relative imports stay inside their folder', () => {
  const found = violations(({ path, folder, imports }) =>
    imports
      .filter((target) => target.startsWith('.') && !target.endsWith('/package.json'))
      .map((target) => relative(source, resolve(source, dirname(path), target)))
      .filter((target) => target.split('/')[0] !== folder)
      .map((target) => `reaches ${target}: across folders import '#folder'`),
  )
  expect(found).toEqual([])
})

test('only src/platform knows Bun', () => {
  const found = violations(({ folder, text, imports }) => {
    if (folder === 'platform') return []
    const reasons = imports
      .filter((target) => target === 'bun' || target.startsWith('bun:'))
      .map((target) => `imports ${target}`)
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

test('what every command loads imports no large node module', () => {
  // Each of these takes milliseconds. Code that needs one calls process.getBuiltinModule.
  const large =
    /^import (?!type)[^;]*? from '(node:(?:net|util|stream|https?|crypto|child_process|os|zlib|fs|fs\/promises|timers\/promises))'/gm
  const found = violations(({ folder, path, text }) =>
    folder === 'platform' && !path.endsWith('-worker.ts')
      ? [...text.matchAll(large)].map((match) => `loads ${match[1]}`)
      : [],
  )
  expect(found).toEqual([])
})

test('oci, dockerfile and template import no node module', () => {
  const found = violations(({ folder, imports }) =>
    folder === 'oci' || folder === 'dockerfile' || folder === 'template'
      ? imports.filter((target) => target.startsWith('node:'))
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

test('temporary files lie in directories of the store, never in one that users share', () => {
  const shared = /\btmpdir\b|\bTMPDIR\b|(['"`])\/(?:var\/)?tmp(?:\/|\1)/
  const found = production
    .filter(({ text }) => shared.test(stripComments(text)))
    .map(({ path }) => path)
  expect(found).toEqual([])
})

test('no file is over 500 lines and no test file over 600', () => {
  const found = files
    .filter(({ path, lines }) => lines > (isTestCode(path) ? 600 : 500))
    .map(({ path, lines }) => `${path} has ${lines} lines`)
  expect(found).toEqual([])
})

test('no file escapes the type system or has a note of unfinished work', () => {
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

test('every folder inside a folder is in the table of rooms', () => {
  const found = new Set(
    production.map(({ path }) => dirname(path)).filter((at) => at.includes('/')),
  )
  expect([...found].sort()).toEqual(Object.keys(rooms).sort())
})

test(`no folder has more than ${mostFiles} production files`, () => {
  const counts = Map.groupBy(production, ({ path }) => dirname(path))
  const tooWide = [...counts].filter(([, { length }]) => length > mostFiles).map(([at]) => at)
  expect(tooWide.sort()).toEqual(Object.keys(wide).sort())
})

test(`no interface has more than ${mostMethods} methods of its own`, () => {
  const found = violations(({ text }) =>
    [
      ...stripComments(text).matchAll(/^(?:export )?interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm),
    ].flatMap(([, name, body = '']) => {
      const count = [...body.matchAll(/^ {2}(?:readonly )?\w+\??(?:<.*>)?(?:: )?\(/gm)].length
      return count > mostMethods ? [`${name} has ${count} methods`] : []
    }),
  )
  expect(found).toEqual([])
})

test('modules have no import cycle, not even of types', () => {
  const graph = new Map(production.map((file) => [file.path, targets(file)]))
  expect(findCycle(graph)).toBeUndefined()
})

test('folders side by side do not import each other in a circle', () => {
  const found = new Set(production.flatMap(({ path }) => ancestors(path))).values()
  const cycles = found.map((parent) => findCycle(siblingImports(parent)))
  expect([...cycles].filter((cycle) => cycle !== undefined)).toEqual([])
})

/** Returns the folders of a file, and the root. */
function ancestors(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)]
}

/** Returns which folders of `parent` import which, by any of their files. */
function siblingImports(parent: string): ReadonlyMap<string, ReadonlySet<string>> {
  const graph = new Map<string, Set<string>>()
  const child = (path: string): string | undefined =>
    path.startsWith(parent) && path.includes('/', parent.length)
      ? path.slice(0, path.indexOf('/', parent.length))
      : undefined
  for (const file of production) {
    const from = child(file.path)
    if (from === undefined) continue
    const known = graph.get(from) ?? new Set()
    for (const to of targets(file).map(child)) if (to !== undefined && to !== from) known.add(to)
    graph.set(from, known)
  }
  return graph
}

function findCycle(graph: ReadonlyMap<string, Iterable<string>>): string | undefined {
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (node: string): string | undefined => {
    if (done.has(node)) return undefined
    const at = trail.indexOf(node)
    if (at >= 0) return [...trail.slice(at), node].join(' -> ')
    trail.push(node)
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next)
      if (cycle) return cycle
    }
    trail.pop()
    done.add(node)
    return undefined
  }
  for (const node of graph.keys()) {
    const cycle = visit(node)
    if (cycle) return cycle
  }
  return undefined
}

/** Returns the files of src that a file imports. */
function targets({ path, imports }: SourceFile): readonly string[] {
  return imports
    .map((target) => {
      // The index of a folder, or one file of it, to load no more than needed.
      if (target.startsWith('#'))
        return `${target.slice(1)}${target.includes('/') ? '' : '/index'}.ts`
      return target.startsWith('.') ? relative(source, resolve(source, dirname(path), target)) : ''
    })
    .filter((target) => target !== '')
}

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}
