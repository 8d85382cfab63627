import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { DeclarationFile, type Reference } from './declaration-file.ts'

const project = resolve(import.meta.dir, '../..')

/** The folders that a program can import. */
export const entries: readonly string[] = [
  'engine',
  'oci',
  'stream',
  'tar',
  'dockerfile',
  'content',
  'registry',
]

/**
 * Writes `.d.ts` files into `target` that a strict compiler reads without the types of Bun
 * or Node. They hold only the declarations of the entries and of the types that these
 * mention. Each name is imported from the file that declares it. The output of the compiler
 * would pull in every file of a folder for one of its types.
 */
export function writeDeclarations(target: string): void {
  const emitted = `${target}.all`
  rmSync(target, { recursive: true, force: true })
  try {
    emit(emitted)
    const bundle = new Bundle(readAll(emitted))
    for (const folder of entries) bundle.addAll(`${folder}/index.d.ts`)
    for (const [path, text] of bundle.files()) {
      mkdirSync(dirname(join(target, path)), { recursive: true })
      writeFileSync(join(target, path), text)
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true })
  }
}

function emit(directory: string): void {
  mkdirSync(directory, { recursive: true })
  const config = join(directory, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    emitDeclarationOnly: true,
    declaration: true,
    outDir: directory,
    rootDir: join(project, 'src'),
    typeRoots: [join(project, 'node_modules/@types')],
  }
  const files = entries.map((folder) => join(project, 'src', folder, 'index.ts'))
  const extended = join(project, 'tsconfig.json')
  writeFileSync(config, JSON.stringify({ extends: extended, compilerOptions, files, include: [] }))
  const { exitCode, stdout } = Bun.spawnSync([`${project}/node_modules/.bin/tsc`, '-p', config])
  if (exitCode !== 0) throw new Error(`Cannot write declarations: ${stdout.toString()}`)
}

function readAll(directory: string): ReadonlyMap<string, DeclarationFile> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return new Map(
    names
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => [
        name,
        new DeclarationFile(name, readFileSync(join(directory, name), 'utf8')),
      ]),
  )
}

/** For compilers with an older target. */
const disposable = '/// <reference lib="esnext.disposable" />'

/** The needed declarations of a file. */
interface Wanted {
  readonly declarations: Set<string>
  /** By their name in this file. */
  readonly imports: Map<string, Reference>
  readonly exports: Map<string, Reference>
}

class Bundle {
  readonly #files: ReadonlyMap<string, DeclarationFile>
  readonly #wanted = new Map<string, Wanted>()

  constructor(files: ReadonlyMap<string, DeclarationFile>) {
    this.#files = files
  }

  /** Everything that an entry exports. */
  addAll(path: string): void {
    const file = this.#file(path)
    for (const [alias, reference] of file.exports) {
      this.#want(path).exports.set(alias, this.#add(reference))
    }
    for (const { name, text } of file.statements) {
      if (/^export /m.test(text)) this.#add({ module: path, name })
    }
  }

  *files(): Iterable<readonly [path: string, text: string]> {
    for (const [path, wanted] of this.#wanted) {
      const declarations = this.#file(path).statements.filter(({ name }) =>
        wanted.declarations.has(name),
      )
      const text = declarations.map((each) => each.text).join('\n')
      const lines = [
        ...(/\b(?:Async)?Disposable\b/.test(text) ? [disposable] : []),
        ...[...wanted.imports].map(([alias, from]) => transferLine('import', path, alias, from)),
        ...[...wanted.exports].map(([alias, from]) => transferLine('export', path, alias, from)),
        // A type of Node for names of signals.
        text.replaceAll('NodeJS.Signals', 'string'),
        'export {};',
      ]
      yield [path, `${lines.join('\n')}\n`]
    }
  }

  /** Adds a name and all names in its declaration. Returns the file that declares it. */
  #add(reference: Reference): Reference {
    const origin = this.#originOf(reference)
    const file = this.#files.get(origin.module)
    if (file === undefined) return origin
    const wanted = this.#want(origin.module)
    if (wanted.declarations.has(origin.name)) return origin
    wanted.declarations.add(origin.name)
    for (const { name, text } of file.statements) {
      if (name === origin.name) this.#addMentioned(origin.module, text)
    }
    return origin
  }

  #addMentioned(path: string, text: string): void {
    const file = this.#file(path)
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '')
    for (const [word, member] of wordsOf(code)) {
      const imported = file.imports.get(word)
      if (imported !== undefined) this.#addImport(path, { alias: word, imported, member })
      else if (file.statements.some(({ name }) => name === word)) {
        this.#add({ module: path, name: word })
      }
    }
  }

  #addImport(
    path: string,
    found: { readonly alias: string; readonly imported: Reference; readonly member: string },
  ): void {
    const { alias, imported, member } = found
    const { imports } = this.#want(path)
    if (imported.name !== '*') {
      imports.set(alias, this.#add(imported))
      return
    }
    imports.set(alias, imported)
    this.#want(imported.module).exports.set(
      member,
      this.#add({ module: imported.module, name: member }),
    )
  }

  /** Follows a name through tables of contents to the file that declares it. */
  #originOf({ module, name }: Reference): Reference {
    const file = this.#files.get(module)
    const next = file?.exports.get(name)
    if (next !== undefined && next.module !== module) return this.#originOf(next)
    const local = next?.name ?? name
    if (file === undefined || file.statements.some((each) => each.name === local)) {
      return { module, name: local }
    }
    const imported = file.imports.get(local)
    if (imported !== undefined) return this.#originOf(imported)
    const star = file.stars.find((each) => this.#exports(each, name))
    if (star === undefined) throw new Error(`Cannot find the declaration of ${name} in ${module}`)
    return this.#originOf({ module: star, name })
  }

  #exports(path: string, name: string): boolean {
    const file = this.#file(path)
    return (
      file.exports.has(name) ||
      file.statements.some((each) => each.name === name) ||
      file.stars.some((star) => this.#exports(star, name))
    )
  }

  #want(path: string): Wanted {
    const made = { declarations: new Set<string>(), imports: new Map(), exports: new Map() }
    const wanted = this.#wanted.get(path) ?? made
    this.#wanted.set(path, wanted)
    return wanted
  }

  #file(path: string): DeclarationFile {
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`Cannot find ${path}`)
    return file
  }
}

/** Identifiers, each with the one after its dot. */
function wordsOf(code: string): Iterable<readonly [word: string, member: string]> {
  return code
    .matchAll(/(?<![\w.$])([A-Za-z_$][\w$]*)(?:\.(\w+))?/g)
    .map(([, word = '', member = '']) => [word, member] as const)
}

function transferLine(
  keyword: 'import' | 'export',
  path: string,
  alias: string,
  { module, name }: Reference,
): string {
  const isOurs = module.endsWith('.d.ts')
  const relation = relative(dirname(path), module).replace(/\.d\.ts$/, '.js')
  const from = isOurs ? (relation.startsWith('.') ? relation : `./${relation}`) : module
  if (name === '*') return `${keyword} * as ${alias} from '${from}';`
  return `${keyword} { ${name === alias ? name : `${name} as ${alias}`} } from '${from}';`
}
