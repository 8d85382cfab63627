import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describeThirdParties } from '../../scripts/package/notices.ts'
import { layOutLibrary, layOutPlatform, platforms } from '../../scripts/package/npm.ts'

const project = resolve(import.meta.dir, '../..')
const isBuilt = existsSync(join(project, 'dist/lib/oci/index.js'))
if (!isBuilt) console.info('skipped: packages: dist/lib is not built')

/** The directory of a user's program, with the packages that npm would install. */
let consumer = ''

function run(argv: readonly string[]): { code: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], {
    cwd: consumer,
    env: { PATH: '/usr/bin:/bin' },
  })
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}

describe.skipIf(!isBuilt)('the npm packages', () => {
  beforeAll(async () => {
    consumer = mkdtempSync(join(tmpdir(), 'strake-consumer-'))
    await layOutLibrary(join(consumer, 'node_modules/strake'))
    writeFileSync(join(consumer, 'package.json'), '{"type":"module"}')
  }, 120_000)
  afterAll(() => rmSync(consumer, { recursive: true, force: true }))

  const node = join(project, 'node_modules/.bin/node')

  test('have types that a strict compiler accepts without types of Bun or Node', () => {
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      noEmit: true,
      types: [],
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      target: 'es2022',
    }
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['a.ts'] }),
    )
    const program = [
      "import { build, type Emit, isStrakeError, listContainers, listImages, openEngine, run } from 'strake'",
      "import { parse } from 'strake/dockerfile'",
      "import { openDirectoryStore } from 'strake/content'",
      "import { connectRegistry } from 'strake/registry'",
      "import { type Digest, parseReference } from 'strake/oci'",
      "import { readTar } from 'strake/tar'",
    ]
    const use = [
      ...program,
      'const emit: Emit = (event) => { if (event.type === "step") event.name satisfies string }',
      'const engine = await openEngine()',
      'for (const image of await listImages(engine)) image.repository satisfies string',
      'for (const one of await listContainers(engine)) one.name satisfies string',
      'const built = await build(engine, { context: ".", names: ["a"], emit })',
      'built.imageId satisfies Digest',
      'const { code } = await run(engine, { image: "a", network: "none", remove: true })',
      'code satisfies number',
      'try { parse("FROM a") } catch (error) { if (isStrakeError(error)) error.code satisfies string }',
      'void [openDirectoryStore, connectRegistry, parseReference, readTar]',
    ]
    writeFileSync(join(consumer, 'a.ts'), use.join('\n'))
    const tsc = join(project, 'node_modules/.bin/tsc')
    expect(run([tsc, '-p', consumer])).toEqual({ code: 0, stdout: '', stderr: '' })
    writeFileSync(join(consumer, 'a.ts'), [...use, 'built.imageId satisfies number'].join('\n'))
    expect(run([tsc, '-p', consumer]).stdout).toContain('TS1360')
  }, 60_000)

  test('refuse the engine on Node in one sentence, and run the other parts', () => {
    writeFileSync(join(consumer, 'all.js'), "import { build } from 'strake'\nbuild()\n")
    const refused = run([node, 'all.js'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(
      'Cannot use strake on Node: the engine needs Bun. On Node there are',
    )
    const parts = ['oci', 'stream', 'tar', 'dockerfile', 'content', 'registry']
    const imports = parts.map((part) => `import * as ${part} from 'strake/${part}'`)
    const use = "console.log(oci.parseReference('a').tag, typeof registry.connectRegistry)"
    writeFileSync(join(consumer, 'parts.js'), [...imports, use].join('\n'))
    expect(run([node, 'parts.js'])).toEqual({ code: 0, stdout: 'latest function\n', stderr: '' })
  })

  test('run on Bun from the source inside', () => {
    writeFileSync(
      join(consumer, 'bun.js'),
      "import { version } from 'strake'\nconsole.log(version)\n",
    )
    const { code, stdout } = run([process.execPath, 'bun.js'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '0.1.0\n' })
  })

  test('contain documents and no tests', async () => {
    const library = join(consumer, 'node_modules/strake')
    for (const name of [
      'README.md',
      'LICENSE',
      'docs/architecture.md',
      'types/engine/index.d.ts',
    ]) {
      expect(existsSync(join(library, name))).toBe(true)
    }
    const tests = [...new Bun.Glob('src/**/*.test.ts').scanSync({ cwd: library })]
    expect(tests).toEqual([])
    const manifest = await Bun.file(join(library, 'package.json')).json()
    expect(manifest).toMatchObject({ engines: { node: '>=24' }, bin: { strake: 'bin/strake' } })
    expect(Object.keys(manifest.optionalDependencies)).toEqual(
      platforms.map(({ cpu }) => `strake-linux-${cpu}`),
    )
  })

  test('list the software of other projects in the program', async () => {
    const notices = describeThirdParties()
    const { dependencies } = await Bun.file(join(project, 'package.json')).json()
    for (const name of Object.keys(dependencies)) expect(notices).toContain(`## ${name} `)
    expect(notices).toContain('Permission is hereby granted, free of charge')
    expect(notices).toContain('Mozilla Public License 2.0')
  })

  test('depend on every package that the source imports, and on no other', async () => {
    const library = join(consumer, 'node_modules/strake')
    const imported = new Set<string>()
    const transpiler = new Bun.Transpiler({ loader: 'ts' })
    for (const name of new Bun.Glob('src/**/*.ts').scanSync({ cwd: library })) {
      const source = readFileSync(join(library, name), 'utf8').replace(/^#!.*/, '')
      for (const { path } of transpiler.scanImports(source)) {
        if (!/^(?:[.#]|bun$|bun:|node:)/.test(path)) imported.add(packageOf(path))
      }
    }
    const manifest = await Bun.file(join(library, 'package.json')).json()
    expect(Object.keys(manifest.dependencies).sort()).toEqual([...imported].sort())
  })

  test('start the program of the platform, through a link too', () => {
    const launcher = join(consumer, 'node_modules/.bin/strake')
    mkdirSync(join(consumer, 'node_modules/.bin'), { recursive: true })
    symlinkSync('../strake/bin/strake', launcher)
    const missing = run([launcher, 'x'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(
      /^strake: Cannot find the program: the optional package strake-linux-\w+ is not installed\n$/,
    )
    const cpu = process.arch === 'x64' ? 'x64' : 'arm64'
    const program = join(consumer, 'program')
    writeFileSync(program, '#!/bin/sh\necho "started with $*"\n')
    chmodSync(program, 0o755)
    const target = join(consumer, `node_modules/strake-linux-${cpu}`)
    layOutPlatform(target, { cpu, program })
    expect(run([launcher, 'a', 'b']).stdout).toBe('started with a b\n')
    expect(existsSync(join(target, 'THIRD-PARTY.md'))).toBe(true)
    expect(JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'))).toMatchObject({
      os: ['linux'],
      cpu: [cpu],
      libc: ['glibc'],
    })
  })
})

/** The package of an import: `@scope/name` of `@scope/name/file`. */
function packageOf(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/')
}
