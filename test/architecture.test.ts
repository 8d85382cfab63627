import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const source = resolve(import.meta.dir, '../src')

/** The folders that each folder may import, and the reason. */
const allowed: Readonly<
  Record<string, { readonly imports: readonly string[]; readonly why: string }>
> = {
  oci: { imports: [], why: 'the specification types stand alone and run in a browser' },
  dockerfile: { imports: [], why: 'the language is pure text to AST and runs in a browser' },
  sbom: { imports: ['oci'], why: 'packages are found in files that are handed in' },
  lsp: { imports: ['dockerfile'], why: 'a language server is a function of messages' },
  template: { imports: [], why: 'the language is a function of text and data' },
  stream: { imports: ['oci'], why: 'transforms of bytes use digests and no other code of ours' },
  platform: { imports: ['oci'], why: 'it wraps the kernel and the runtime, below all other code' },
  tar: { imports: ['oci', 'stream'], why: 'a codec turns bytes into entries and back' },
  erofs: { imports: ['oci', 'stream', 'tar'], why: 'an index is computed from entries only' },
  content: {
    imports: ['oci', 'stream', 'platform'],
    why: 'blobs do not depend on layers or registries',
  },
  records: {
    imports: ['oci', 'stream', 'platform'],
    why: 'facts point at content but do not move it',
  },
  http: {
    imports: ['oci', 'stream'],
    why: 'a handler is a function of a request, without a socket',
  },
  grpc: {
    imports: ['oci'],
    why: 'calls travel on a connection that is handed in, whatever they are about',
  },
  registry: {
    imports: ['oci', 'stream', 'http', 'platform', 'content'],
    why: 'distribution works over any content store',
  },
  facts: {
    imports: ['oci', 'platform', 'registry', 'object-content'],
    why: 'the facts of a registry in databases, which its library for other runtimes lacks',
  },
  objects: {
    imports: ['oci', 'stream'],
    why: 'objects have keys and bytes; what they mean is for their users',
  },
  'object-content': {
    imports: ['oci', 'stream', 'content', 'objects'],
    why: 'a content store over objects, whose index is handed in',
  },
  layer: {
    imports: ['oci', 'stream', 'tar', 'platform'],
    why: 'layers are converted without a store',
  },
  snapshot: {
    imports: ['oci', 'stream', 'tar', 'erofs', 'layer', 'platform'],
    why: 'file systems are named by chain ID, not by image',
  },
  image: {
    imports: ['oci', 'stream', 'tar', 'content', 'records', 'layer', 'snapshot', 'platform'],
    why: 'an image is manifests and layers as one thing',
  },
  runtime: { imports: ['oci', 'platform'], why: 'a bundle is data and a root directory' },
  copy: {
    imports: ['oci', 'stream', 'tar', 'platform', 'layer', 'runtime'],
    why: 'files are copied between trees, one of which may be that of a container',
  },
  network: { imports: ['oci', 'platform'], why: 'a network provides namespaces and addresses' },
  volume: {
    imports: ['oci', 'platform', 'records', 'dockerfile'],
    why: 'a volume is a directory and a record, which outlive containers; it reads sizes',
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
      'copy',
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
      'sbom',
    ],
    why: 'a build makes images; networks and registries are handed in by the engine',
  },
  web: {
    imports: ['oci', 'stream', 'tar', 'http', 'registry'],
    why: 'pages are functions of what a registry and its ledger say',
  },
  server: {
    imports: [
      'oci',
      'stream',
      'http',
      'platform',
      'content',
      'registry',
      'facts',
      'web',
      'objects',
      'object-content',
    ],
    why: 'it composes handlers and storage without an engine',
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
      'objects',
      'registry',
      'facts',
      'image',
      'layer',
      'snapshot',
      'runtime',
      'copy',
      'network',
      'volume',
      'container',
      'build',
      'server',
      'lsp',
    ],
    why: 'the engine composes everything below the edges',
  },
  docker: {
    imports: [
      'oci',
      'stream',
      'platform',
      'dockerfile',
      'template',
      'runtime',
      'network',
      'volume',
      'container',
      'engine',
    ],
    why: "it converts Docker's flags to typed options, and typed results to Docker's words",
  },
  api: {
    imports: [
      'oci',
      'stream',
      'http',
      'grpc',
      'platform',
      'dockerfile',
      'container',
      'server',
      'engine',
      'docker',
    ],
    why: "it answers Docker's Engine API with the verbs of the engine",
  },
  cli: {
    imports: ['oci', 'stream', 'platform', 'registry', 'engine', 'dockerfile', 'docker', 'api'],
    why: 'the command line calls the engine and prints its results',
  },
}

/** The purpose of every folder inside a folder. */
const purposes: Readonly<Record<string, string>> = {
  'build/buildkit': 'the steps and files of a build under the digests that BuildKit gives them',
  'build/cache': 'results of steps that travel between machines, and layers that come later',
  'api/build': 'builds for clients without BuildKit',
  'api/builder': 'the process that builds for a server, and the ways to it',
  'api/client': 'what the client of a build serves on its session',
  'api/client/files': 'files that travel between the client of a build and the server',
  'api/client/messages': 'messages of the services of such a client',
  'api/connections': 'connections that carry calls of gRPC',
  'api/buildkit': "BuildKit's services, which build with the engine",
  'api/buildkit/inputs': 'files, secrets and agents that the client of a build serves',
  'api/buildkit/messages': "BuildKit's messages",
  'api/buildkit/options': 'attributes of requests -> typed options of a build',
  'api/buildkit/store': 'the build cache and recorded builds',
  'api/buildkit/progress': 'events and errors of a build -> messages',
  'api/container-files': 'endpoints of the files of containers',
  'api/images': 'endpoints of images',
  'api/networks': 'endpoints of networks',
  'api/volumes': 'endpoints of volumes',
  'api/containers': 'endpoints of containers',
  'api/exec': 'endpoints of further processes in containers',
  'api/streams': 'the streams of a process or of progress, on the way to a client',
  'api/system': 'endpoints of the store and the machine',
  'build/contexts': 'the files of a build: directories, archives, repositories, web servers',
  'build/explain': 'why steps run: their inputs compared with those of the last build',
  'build/export': 'writing a result: configuration, manifest, files',
  'build/files': 'reading the context: trees, selections of files and their digests',
  'build/git': 'repositories: remote ones without their configuration, and checkouts',
  'build/layers': 'the archives of layers that steps write, and records of them',
  'build/lock': 'the versions of what a build takes from other machines, and their file',
  'build/model': 'the graph, its states and errors: plain data',
  'build/mounts': 'mounts of a RUN, which are in no layer',
  'build/ops': 'one file for each operation: COPY, ADD, RUN, WORKDIR',
  'build/plan': 'from a Dockerfile to a graph, without reading other files',
  'build/provenance': 'what a build used, and its description in SLSA provenance',
  'build/scan': 'the packages of a result, listed by the built-in scanner or an image',
  'build/solve': 'running the graph, step by step',
  'build/source': 'access to other machines: URLs, passwords, downloads',
  'build/step': 'the context of a step, and its cache key',
  'build/times': 'the times of files and images',
  'build/variables': 'variables of ARG and of the builder, and limits of their text',
  'cli/arguments': 'from argv to values',
  'cli/arguments/build': 'options of build, in groups',
  'cli/build': 'what the build command prints without a build',
  'cli/commands': 'one file for each command',
  'cli/completion': 'completion of the word that the user types',
  'cli/images': 'images and their platforms as text',
  'cli/render': 'from values to text: the only code that prints',
  'cli/render/build': 'explanations of builds',
  'container/files': 'the files of a container, opened from outside',
  'container/model': 'the data of a container and its record',
  'container/monitor': 'the process that watches a container',
  'container/logs': 'keeping and reading what a container prints',
  'container/process': 'starting a process in a container, and its streams',
  'container/protocol': 'the messages between a command and a monitor',
  'container/services': 'what a monitor does for a running container: names, ports, health checks',
  'container/session':
    'the side of the command: starting a monitor and exchanging messages with it',
  'container/networks': 'joining and leaving networks while a container exists',
  'container/observe': 'processes and resource use of a running container',
  'container/recovery': 'what is done about containers after crashes and reboots',
  'container/setup': 'preparing everything that the process needs before its start',
  'container/verbs': 'one file for each verb on a container',
  'content/directory': 'the store of blobs on disk',
  'docker/bake': 'from bake files and Compose files to command lines of build',
  'docker/bake/hcl': 'HCL: from text to expressions, and from expressions to values',
  'docker/bake/hcl/functions': 'the functions that expressions call, in groups',
  'docker/bodies': "bodies of requests to Docker's API -> typed options",
  'docker/build': 'from flags of build to typed options',
  'docker/columns': "from typed data to Docker's columns",
  'docker/documents': "from typed data to Docker's JSON",
  'docker/documents/build': 'descriptions of builds and their definitions',
  'docker/filters': 'from conditions to typed filters',
  'docker/flags': 'from flags to typed options',
  'docker/flags/network': 'the interface of a container on one network',
  'docker/formats': 'Go templates over documents and rows',
  'docker/lists': "elements of the lists of Docker's API",
  'docker/outputs': 'from --output of a build to typed outputs',
  'docker/types': "the Go types of Docker's documents",
  'dockerfile/compose': 'INCLUDE, IF and COPY --optional, which become an ordinary Dockerfile',
  'dockerfile/check': 'all checks that need no base image',
  'dockerfile/expand': 'substitution of variables',
  'dockerfile/fix': 'changes of the text that remove violations',
  'dockerfile/ignore': '.dockerignore',
  'dockerfile/instructions': 'one file for each instruction, and shared parts',
  'dockerfile/language': 'what an editor asks: names, completions, hovers, actions',
  'dockerfile/layout': 'the usual layout of a file',
  'dockerfile/lint': 'the rules of build --check',
  'dockerfile/report': 'diagnostics and changes as text, JSON and SARIF',
  'dockerfile/scope': 'the variables at every place of a file',
  'dockerfile/syntax': 'a file with every character: comments, white space, line breaks',
  'engine/archive': 'images to and from files',
  'engine/cache':
    'caches that builds on different machines exchange, and the places that keep them',
  'engine/cache/objects': 'caches as objects by key: of S3, Azure and GitHub Actions',
  'engine/collect': 'collecting unreachable content',
  'engine/attest': 'attestations of a build',
  'engine/base': 'base images of builds',
  'engine/boot': 'all containers, when the machine starts and goes down',
  'engine/build-services': 'what a build gets from the store and the machine',
  'engine/build': 'building and importing',
  'engine/debug': 'shells in the steps of builds',
  'engine/container': 'containers over one store',
  'engine/copy': 'copying files of containers',
  'engine/content': 'restoring dropped or damaged content',
  'engine/dockerfile': 'checking and formatting Dockerfiles, without a store',
  'engine/events': 'following events of the store',
  'engine/filter': 'conditions that several verbs share',
  'engine/history': 'records of builds that have ended',
  'engine/host': 'directories, runtime and abilities of this machine',
  'engine/image': 'images over one store',
  'engine/lock': 'the lock file of a build',
  'engine/mount': 'images whose files the machine reads at a path',
  'engine/network': 'networks over one store',
  'engine/output': 'what becomes of the result of a build',
  'engine/process': 'processes in containers that one request prepares and another one starts',
  'engine/pull': 'several images from registries',
  'engine/push': 'images to registries',
  'engine/received': 'files that clients of builds have sent',
  'engine/registry/parts': 'caches, buckets and databases of a served registry',
  'engine/registry': 'serving a registry, and login',
  'engine/registry/care': 'checking a registry of this machine, and its backup',
  'engine/reproduce': 'predicting builds, updating their locks and verifying them',
  'engine/rootless': 'the namespaces in which a user without root is root',
  'engine/store': 'checking, cleaning and pruning the store',
  'engine/volume': 'volumes over one store',
  'engine/usage': 'disk usage of the store',
  'image/attestation': 'claims about images, stored beside them in an index',
  'image/archive': 'images as archives: load, save, import',
  'image/compare': 'what differs between two images, attribute by attribute',
  'image/compress': 'reproducible compression of layers',
  'network/bridge': 'the bridge, its addresses and its published ports',
  'network/bridge/ports': 'published ports of a bridge, in records and in the kernel',
  'network/dns': 'names of containers, served inside their network namespaces',
  'network/lan': 'macvlan and ipvlan: interfaces on the network of the host',
  'network/proxy': 'ports on IPv6 addresses, served by a process',
  'network/recorder': 'a network whose only server is a proxy that sees every request',
  'platform/api-server': 'a server whose handlers may take connections over',
  'platform/call': 'system calls, their errors, and reads without node:fs',
  'platform/data': 'SQLite, and the order in which locks are taken',
  'platform/file': 'files and trees, by descriptor',
  'platform/kernel': 'mounts, overlays and loop devices',
  'platform/net': 'netlink, nftables, namespaces and ports',
  'platform/rights': 'what this process may do, and its continuation with other rights',
  'platform/process': 'processes, pipes and terminals',
  'platform/remembered':
    'facts about processes and files that the kernel proves more cheaply than it tells them',
  'platform/secure': 'servers with TLS, whose keys can be replaced, and certificates of clients',
  'platform/unix': 'sockets of this machine: connections and datagrams',
  'platform/work': 'threads that hash and compress',
  'records/tables': 'one file for each group of facts',
  'facts/postgres': 'the facts and the ledger of a registry of many replicas, in PostgreSQL',
  'facts/postgres/auth':
    'what replicas share of senders: users, tokens, signing keys, failed logins',
  'facts/transfer': 'facts of replicas into a file of one machine, and back',
  'facts/sqlite': 'the facts and the ledger of a registry in one SQLite file',
  'registry/auth': 'tokens and challenges',
  'registry/config':
    'the configuration file of a served registry: its form as data, and its checks',
  'registry/config/conflicts': 'faults that only show when several keys are seen together',
  'registry/policy': 'rules: which sender may do what in which repository',
  'registry/access': 'from a request to what its sender may do: credentials, rules, limits',
  'registry/identity': 'who a sender is: users, tokens, issuers, certificates',
  'registry/identity/foreign':
    'senders whom other servers know: token issuers and directory servers',
  'registry/session': 'browsers that have signed in to the page',
  'registry/token': 'the token service: making and proving access tokens',
  'registry/client': 'the HTTP client of a registry',
  'registry/check': 'proving everything that a registry holds, and getting it back',
  'registry/observe/trace': 'spans of requests, and sending them to a collector',
  'registry/admin': 'what administrators see and do: tokens, quotas, collections',
  'web/admin': 'the pages and addresses of administrators, and of the tokens of a user',
  'registry/notify': 'telling webhooks what happens, from a queue that outlives the server',
  'registry/observe': 'what a served registry tells: metrics, health',
  'registry/collect':
    'removes what nothing holds any more, and tags that retention rules do not keep',
  'registry/credentials': 'storage of user names and secrets',
  'registry/http': 'requests with retries and safe redirects, for auth and client',
  'registry/proxy': 'caches of other registries: what is asked for is fetched once and kept',
  'registry/proxy/trim': 'keeping caches below their size',
  'registry/server': 'the HTTP server of a registry',
  'registry/server/tags': 'moving tags, and their history',
  'registry/server/upload': 'receiving blobs: sessions, bodies and their endpoints',
  'registry/store': 'a registry over content and facts of this machine',
  'registry/store/directory': 'facts as small files, and what reads them for a database',
  'runtime/bundle': 'config.json and its parts',
  'runtime/bundle/seccomp': 'filters of system calls: the built-in one and those of users',
  'runtime/bundle/limits': 'limits of memory, processors, processes and block devices',
  'runtime/root': 'the files of a container, as its processes see them',
  'snapshot/chain': 'shared code of both kinds of snapshots: folders, users, mounts by chain ID',
  'snapshot/erofs': 'layers as indexes over their archives, mounted in place',
  'snapshot/erofs/verify': 'finding and repairing damaged files',
  'snapshot/unpacked': 'layers as trees of files',
  'template/execute': 'executing templates over values',
  'template/functions': 'the functions of every template',
  'template/print': "verbs, flags and operands of Go's package fmt",
  'template/syntax': 'from text to tokens, and from tokens to nodes',
  'template/text': 'texts as bytes, as in Go: UTF-8, quotes and escapes',
  'template/value': 'typed values from plain data',
  'tar/read': 'from bytes to entries',
  'tar/write': 'from entries to bytes',
  'web/login': 'the form by which a user signs in, and the way back to the page',
  'web/files': 'the files of layers and images, read out of their archives within limits',
  'web/data': 'what the pages show, as plain data, which is also the JSON for scripts',
  'web/pages': 'one file for each page: data -> HTML',
  'stream/decompress': 'detecting compressions and decompressing within limits',
}

/** The most production files of a folder. */
const mostFiles = 15

/** Folders with more files, and the reason. */
const wide: Readonly<Record<string, string>> = {
  'cli/commands': 'a command is found by its name',
  'dockerfile/instructions': 'an instruction is found by its name',
  oci: 'a noun of the specification is found by its name',
}

/** The most methods of an interface, without inherited ones. */
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

test('only src/platform uses Bun', () => {
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

test('only src/server listens, so that every server has its checks', () => {
  const served = /\bimport\s*\{[^}]*\bserve\b[^}]*\}\s*from\s*'#platform'/
  const found = violations(({ folder, text }) =>
    folder !== 'server' && served.test(text) ? ['calls serve() of the platform'] : [],
  )
  expect(found).toEqual([])
})

/** The folder of the platform that only `system serve` and `compose` load. */
const onDemand = 'platform/api-server/'

test('modules that every command loads import no large node module', () => {
  // Each of these takes milliseconds. Code that needs one calls process.getBuiltinModule.
  const large =
    /^import (?!type)[^;]*? from '(node:(?:net|util|stream|https?|crypto|child_process|os|zlib|fs|fs\/promises|timers\/promises))'/gm
  const found = violations(({ folder, path, text }) =>
    folder === 'platform' && !path.endsWith('-worker.ts') && !path.startsWith(onDemand)
      ? [...text.matchAll(large)].map((match) => `loads ${match[1]}`)
      : [],
  )
  expect(found).toEqual([])
})

test('ps loads the store and its own code, but no verb on containers', () => {
  const loaded = loadedWith(['cli/commands/ps-command.ts', 'engine/open.ts'])
  expect(loaded).toContain('container/model/record.ts')
  // The index of a folder loads everything in it.
  const heavy =
    /^(?:container|image|layer|network|registry|runtime|snapshot|tar|volume)\/index\.ts$/
  expect(loaded.filter((path) => heavy.test(path))).toEqual([])
  expect(loaded.filter((path) => /^node:(?!path$)/.test(path))).toEqual([])
})

test('code that is loaded later is named by its file, never by the index of a folder', () => {
  // One such import keeps the whole folder in the program, in the chunks of all who import from it.
  const index = /\bimport\(\s*['"](#[a-z-]+)['"]\s*\)/g
  const found = violations(({ text }) =>
    [...stripComments(text).matchAll(index)].map((match) => `loads the index of ${match[1]}`),
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

/** Files that pass bytes to a stream of the runtime, and the reason why its queue may keep the chunks. */
const queues: Readonly<Record<string, string>> = {
  'stream/web-stream.ts': 'takes KeptBytes',
  'platform/net/node-exchange.ts': 'chunks come from streams of the runtime, which make each anew',
  'api/reply.ts': 'encodes each document anew',
  'container/session/own-monitor.ts': 'carries reports, not bytes',
}

test('only listed files let the runtime queue chunks, because producers may reuse their memory', () => {
  const queue =
    /\b(pipeline|createWriteStream|Readable\.from|ReadableStream\.from)\(|new ReadableStream\b/
  const found = production
    .filter(({ path, text }) => queues[path] === undefined && queue.test(stripComments(text)))
    .map(({ path }) => `${path}: use writeAll, a StreamFile or toReadableStream`)
  expect(found).toEqual([])
})

test('temporary files are in directories of the store, never in a shared directory', () => {
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

test('no file bypasses the type system or has a note of unfinished work', () => {
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

test('every nested folder is in the table of purposes', () => {
  const found = new Set(
    production.map(({ path }) => dirname(path)).filter((at) => at.includes('/')),
  )
  expect([...found].sort()).toEqual(Object.keys(purposes).sort())
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

test('modules have no import cycle, also not of types', () => {
  const graph = new Map(production.map((file) => [file.path, targets(file)]))
  expect(findCycle(graph)).toBeUndefined()
})

test('sibling folders do not import each other in a circle', () => {
  const found = new Set(production.flatMap(({ path }) => ancestors(path))).values()
  const cycles = found.map((parent) => findCycle(siblingImports(parent)))
  expect([...cycles].filter((cycle) => cycle !== undefined)).toEqual([])
})

/** Returns the folders of a file, and the root. */
function ancestors(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return ['', ...parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`)]
}

/** Returns for each folder of `parent` the sibling folders that its files import. */
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

/** The files and modules that are loaded with these files: what they import as values, and so on. */
function loadedWith(paths: readonly string[]): readonly string[] {
  const byPath = new Map(production.map((file) => [file.path, file]))
  const loaded = new Set(paths)
  for (const path of loaded) {
    const file = byPath.get(path)
    if (file === undefined) continue
    const imports = [...file.text.matchAll(valueImport)]
      .filter(([, names = '']) => !/^\{(?:\s*type [^,}]*,?)*\s*\}$/.test(names))
      .map(([, , target = '']) => target)
    for (const target of imports) if (target.startsWith('node:')) loaded.add(target)
    for (const target of targets({ ...file, imports })) loaded.add(target)
  }
  return [...loaded]
}

const valueImport = /^(?:import|export) (?!type )([^'"`;]*?) from '([^']+)'/gm

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}
