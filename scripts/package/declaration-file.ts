import { dirname, join } from 'node:path'

/** A name, and the module it comes from: a file of this project, or another module. */
export interface Reference {
  readonly module: string
  /** `*` for the module as a whole. */
  readonly name: string
}

/** A declaration, with the comment above it. */
interface Statement {
  readonly name: string
  readonly text: string
}

const opening = /^(?:import|export|declare|interface|type|class|abstract|const|function|enum)\b/
const declaration =
  /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const|enum) (\w+)/
const transfer =
  /^(import|export)(?: type)? (?:\{([^}]*)\}|\* as (\w+)|(\*))(?: from ['"]([^'"]+)['"])?;/

/** One `.d.ts` file as the compiler writes it: a declaration begins where a line begins. */
export class DeclarationFile {
  /** The origins of imported names. */
  readonly imports: Map<string, Reference> = new Map()
  /** Names that this file re-exports. */
  readonly exports: Map<string, Reference> = new Map()
  /** Modules that this file re-exports as a whole. */
  readonly stars: string[] = []
  readonly statements: Statement[] = []
  readonly #path: string

  constructor(path: string, text: string) {
    this.#path = path
    for (const part of partsOf(text)) this.#read(part)
  }

  #read(part: string): void {
    const code = part.replace(/^\/\*\*[\s\S]*?\*\/\n/, '')
    const [, keyword, names, namespace, star, module] = transfer.exec(code) ?? []
    if (keyword === undefined) {
      const name = declaration.exec(code)?.[1]
      if (name !== undefined) this.statements.push({ name, text: part.trimEnd() })
      return
    }
    const from = module === undefined ? this.#path : this.#resolve(module)
    const known = keyword === 'import' ? this.imports : this.exports
    if (star !== undefined) this.stars.push(from)
    if (namespace !== undefined) known.set(namespace, { module: from, name: '*' })
    for (const [name, alias] of specifiers(names ?? '')) known.set(alias, { module: from, name })
  }

  /** Returns the path of a file of this project, or the module name unchanged. */
  #resolve(module: string): string {
    if (module.startsWith('.')) return join(dirname(this.#path), module.replace(/\.ts$/, '.d.ts'))
    if (!module.startsWith('#')) return module
    return module.includes('/') ? `${module.slice(1)}.d.ts` : `${module.slice(1)}/index.d.ts`
  }
}

/** Splits the text before every declaration and the comment above it. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = []
  let comment = ''
  let isComment = false
  for (const line of text.split('\n')) {
    if (line.startsWith('/**')) isComment = true
    if (isComment) {
      comment += `${line}\n`
      if (line.endsWith('*/')) isComment = false
    } else if (opening.test(line)) {
      parts.push(`${comment}${line}\n`)
      comment = ''
    } else if (parts.length > 0) parts.push(`${parts.pop() ?? ''}${line}\n`)
  }
  return parts
}

function specifiers(names: string): readonly (readonly [name: string, alias: string])[] {
  return names
    .split(',')
    .map((word) => word.trim().replace(/^type /, ''))
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', alias = name] = word.split(' as ')
      return [name, alias]
    })
}
