// Writes dist/THIRD-PARTY.md: the software of other projects in the program, and its licenses.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const project = resolve(import.meta.dir, '../..')

/** Facts that the packages do not state themselves. */
const remarks: Readonly<Record<string, string>> = {
  bun:
    'Runs the program. It links JavaScriptCore of WebKit (LGPL 2) and other libraries statically; ' +
    '<https://bun.com/docs/project/license> lists these, with their sources and how to relink them. ' +
    'To use a relinked Bun, put it in place of the one in node_modules/@oven, and run `make build`.',
  tldts:
    'Contains data of the Public Suffix List, <https://publicsuffix.org/list/>, under the Mozilla Public ' +
    'License 2.0, <https://www.mozilla.org/MPL/2.0/>.',
}

interface Package {
  readonly version: string
  readonly license: string
  readonly homepage?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Returns the notices of all packages that the program contains. */
export function describeThirdParties(): string {
  const names = [...contained(readPackage(project))].sort()
  return `# Work of others in strake\n\n${names.map(describe).join('\n')}`
}

/** Returns all direct and indirect dependencies of a package. */
function contained({ dependencies = {} }: Package, found = new Set<string>()): Set<string> {
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue
    found.add(name)
    contained(readPackage(directoryOf(name)), found)
  }
  return found
}

function describe(name: string): string {
  const { version, license, homepage } = readPackage(directoryOf(name))
  const title = `## ${name} ${version}\nLicense: ${license}.${homepage === undefined ? '' : ` <${homepage}>`}\n`
  const text = readText(join(directoryOf(name), 'LICENSE'))
  const quoted = text?.trim().replaceAll(/^/gm, '    ')
  return [title, ...[remarks[name], quoted].filter(Boolean).map((part) => `${part}\n`)].join('\n')
}

function directoryOf(name: string): string {
  return join(project, 'node_modules', name)
}

function readPackage(directory: string): Package {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  mkdirSync(join(project, 'dist'), { recursive: true })
  writeFileSync(join(project, 'dist/THIRD-PARTY.md'), describeThirdParties())
}
