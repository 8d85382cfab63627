import { dirname, resolve } from 'node:path'
import type { Document, Node } from 'yaml'
import { StrakeError } from '#oci'
import { type CheckContext, checkNode, formatProblem, type Problem } from './check.ts'
import type { RegistryConfig } from './config.ts'
import { findConflicts } from './conflicts/consistent.ts'
import { registryShape } from './registry-shape.ts'

/** A configuration file with faults. */
export class ConfigError extends StrakeError {
  readonly problems: readonly Problem[]

  constructor(name: string, problems: readonly Problem[]) {
    const [first] = problems.map((problem) => `${name}, ${formatProblem(problem)}`)
    const more = problems.length - 1
    const rest = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'fault' : 'faults'})`
    super('INVALID', `Cannot use ${first}${rest}`, {
      remedy:
        'show all faults with strake registry verify, and all keys with strake registry schema',
    })
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the configuration of a registry. `name` is the path of the file, for messages and as the
 * start of relative paths. Throws `ConfigError`. The result has only known keys of the right types.
 */
export async function parseConfig(text: string, name: string): Promise<RegistryConfig> {
  const yaml = await import('yaml')
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, version: '1.2' })
  const problems: Problem[] = document.errors.map(({ message, pos }) => ({
    line: lines.linePos(pos[0]).line,
    key: '',
    message: message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? '',
  }))
  if (problems.length > 0) throw new ConfigError(name, problems)
  const context: CheckContext = {
    yaml,
    problems,
    base: dirname(resolve(name)),
    lineOf: (node) => Math.max(1, lines.linePos(node?.range?.[0] ?? 0).line),
    resolve: (node) => {
      if (yaml.isAlias(node)) return node.resolve(document)
      return yaml.isNode(node) ? node : undefined
    },
  }
  const value = document.contents === null ? {} : checkNode(context, document.contents, whole)
  if (problems.length > 0) throw new ConfigError(name, problems)
  const config = value as RegistryConfig
  const conflicts = findConflicts(config).map(({ path, message }) => ({
    line: context.lineOf(nodeAt(document, path)),
    key: formatPath(path),
    message,
  }))
  if (conflicts.length > 0) throw new ConfigError(name, conflicts)
  return config
}

const whole = { shape: registryShape, key: '' }

type Path = readonly (string | number)[]

/** Returns the node at a path, or the nearest one above it. */
function nodeAt(document: Document, path: Path): Node | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null) return node as Node
  }
  return undefined
}

function formatPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1)
}
