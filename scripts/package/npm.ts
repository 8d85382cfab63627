// Lays out the npm packages in dist/npm: the library, and one package with the program for each platform.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { entries, writeDeclarations } from './declarations.ts'
import { nodeModule } from './node.ts'
import { describeThirdParties } from './notices.ts'

const project = resolve(import.meta.dir, '../..')
const { version, license, description, imports, dependencies } = JSON.parse(
  readFileSync(join(project, 'package.json'), 'utf8'),
)

/** The packages that the source imports. Bun runs the library and is not a dependency of it. */
const { bun: _, ...libraryDependencies } = dependencies

/** Fields that every package has. */
const shared = {
  version,
  license,
  description,
  keywords: ['oci', 'container', 'image', 'docker', 'dockerfile', 'registry', 'build'],
}

/** Platforms of the program, in npm's terms. */
export const platforms: readonly { readonly cpu: string; readonly program: string }[] = [
  { cpu: 'x64', program: 'dist/strake-linux-x64' },
  { cpu: 'arm64', program: 'dist/strake-linux-arm64' },
]

const documents = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE']

const isTest =
  /\.test\.ts$|\/(?:testdata|testing|testbed)(?:\/|$)|\/(?:contract|fixtures?|testing)[^/]*\.ts$/

/** Makes `dist/npm/strake`, the library. The program is in the package of the platform. */
export async function layOutLibrary(target: string): Promise<void> {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(join(target, 'bin'), { recursive: true })
  for (const name of documents) cpSync(join(project, name), join(target, name))
  cpSync(join(project, 'docs'), join(target, 'docs'), { recursive: true })
  cpSync(join(project, 'dist/lib'), join(target, 'dist/lib'), { recursive: true })
  cpSync(join(project, 'src'), join(target, 'src'), {
    recursive: true,
    filter: (path) => !isTest.test(path),
  })
  cpSync(join(project, 'scripts/package/launcher'), join(target, 'bin/strake'))
  chmodSync(join(target, 'bin/strake'), 0o755)
  writeDeclarations(join(target, 'types'))
  const names = Object.keys(await import(join(project, 'src/engine/index.ts'))).sort()
  writeFileSync(join(target, 'dist/lib/node.js'), nodeModule(names))
  writeJson(join(target, 'package.json'), {
    name: 'strake',
    ...shared,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=24', bun: '>=1.4' },
    bin: { strake: 'bin/strake' },
    dependencies: libraryDependencies,
    optionalDependencies: Object.fromEntries(
      platforms.map(({ cpu }) => [`strake-linux-${cpu}`, version]),
    ),
    imports,
    exports: Object.fromEntries(entries.map((folder) => [subpathOf(folder), exportOf(folder)])),
  })
}

function subpathOf(folder: string): string {
  return folder === 'engine' ? '.' : `./${folder}`
}

function exportOf(folder: string): object {
  return {
    types: `./types/${folder}/index.d.ts`,
    bun: `./src/${folder}/index.ts`,
    default: folder === 'engine' ? './dist/lib/node.js' : `./dist/lib/${folder}/index.js`,
  }
}

/** Makes `dist/npm/strake-linux-CPU`, which npm installs only on that platform. */
export function layOutPlatform(target: string, platform: (typeof platforms)[number]): void {
  const { cpu, program } = platform
  rmSync(target, { recursive: true, force: true })
  mkdirSync(join(target, 'bin'), { recursive: true })
  cpSync(resolve(project, program), join(target, 'bin/strake'))
  chmodSync(join(target, 'bin/strake'), 0o755)
  cpSync(join(project, 'LICENSE'), join(target, 'LICENSE'))
  writeFileSync(join(target, 'THIRD-PARTY.md'), describeThirdParties())
  const text = `# strake-linux-${cpu}\n\nThe program of [strake](https://www.npmjs.com/package/strake) for Linux on ${cpu}.\n`
  writeFileSync(join(target, 'README.md'), text)
  writeJson(join(target, 'package.json'), {
    name: `strake-linux-${cpu}`,
    ...shared,
    os: ['linux'],
    cpu: [cpu],
    libc: ['glibc'],
    files: ['bin', 'THIRD-PARTY.md'],
  })
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}

if (import.meta.main) {
  await layOutLibrary(join(project, 'dist/npm/strake'))
  for (const platform of platforms) {
    if (!existsSync(join(project, platform.program))) continue
    layOutPlatform(join(project, `dist/npm/strake-linux-${platform.cpu}`), platform)
  }
}
