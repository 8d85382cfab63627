import { resolve } from 'node:path'
import type { Node, Scalar } from 'yaml'
import { redact } from '../errors.ts'
import type { Shape } from './shape.ts'
import { parseDuration, parseSize } from './units.ts'

/** A fault of a configuration file. */
export interface Problem {
  readonly line: number
  /** `auth.tokens.lifetime`; empty for the whole file. */
  readonly key: string
  /** `expected a duration such as 30s or 12h, got "soon"` */
  readonly message: string
}

/** `line 3, listen.port: expected …` */
export function formatProblem({ line, key, message }: Problem): string {
  return key === '' ? `line ${line}: ${message}` : `line ${line}, ${key}: ${message}`
}

/** What the check of one file needs besides the nodes. */
export interface CheckContext {
  readonly yaml: typeof import('yaml')
  /** The directory at which relative paths begin. */
  readonly base: string
  readonly lineOf: (node: Node | null | undefined) => number
  /** Returns the node that an alias stands for. */
  readonly resolve: (node: unknown) => Node | null | undefined
  readonly problems: Problem[]
}

/** Returns the value of a node, and adds a problem for everything that is wrong with it. */
export function checkNode(
  context: CheckContext,
  found: unknown,
  { shape, key }: { readonly shape: Shape<unknown>; readonly key: string },
): unknown {
  const node = context.resolve(found)
  const { yaml } = context
  switch (shape.kind) {
    case 'list': {
      if (!yaml.isSeq(node)) return wrong(context, node, { key, expected: describe(shape) })
      if (node.items.length < shape.least) {
        return add(context, node, { key, message: 'expected at least one item' })
      }
      return node.items.map((item, index) =>
        checkNode(context, item, { shape: shape.item, key: `${key}[${index}]` }),
      )
    }
    case 'map':
    case 'section':
      return checkKeys(context, node, { shape, key })
    case 'either': {
      const fitting = shape.shapes.find((each) => fits(context, node, each))
      if (fitting === undefined) return wrong(context, node, { key, expected: describe(shape) })
      return checkNode(context, node, { shape: fitting, key })
    }
    default: {
      const value = yaml.isScalar(node) ? readScalar(context, node, shape) : undefined
      return value ?? wrong(context, node, { key, expected: describe(shape) })
    }
  }
}

function checkKeys(
  context: CheckContext,
  node: Node | null | undefined,
  { shape, key }: { readonly shape: KeyedShape; readonly key: string },
): unknown {
  if (!context.yaml.isMap(node)) return wrong(context, node, { key, expected: describe(shape) })
  const values: Record<string, unknown> = Object.create(null)
  for (const pair of node.items) {
    const name = context.yaml.isScalar(pair.key) ? String(pair.key.value) : ''
    const path = key === '' ? name : `${key}.${name}`
    const known = shapeOfKey(shape, name)
    if (known === undefined) {
      const expected = describeKeys(shape)
      add(context, pair.key as Node, { key: path, message: `unknown key, expected ${expected}` })
    } else values[name] = checkNode(context, pair.value, { shape: known, key: path })
  }
  for (const name of missingKeys(shape, values)) {
    add(context, node, { key: key === '' ? name : `${key}.${name}`, message: 'missing' })
  }
  return values
}

type KeyedShape = Extract<Shape<unknown>, { kind: 'map' | 'section' }>

function shapeOfKey(shape: KeyedShape, name: string): Shape<unknown> | undefined {
  if (shape.kind === 'map') return shape.keys.test(name) ? shape.value : undefined
  return Object.hasOwn(shape.keys, name) ? shape.keys[name]?.shape : undefined
}

function describeKeys(shape: KeyedShape): string {
  return shape.kind === 'map' ? shape.says : Object.keys(shape.keys).join(', ')
}

function missingKeys(shape: KeyedShape, values: object): readonly string[] {
  if (shape.kind === 'map') return []
  const required = Object.keys(shape.keys).filter((name) => shape.keys[name]?.isRequired)
  return required.filter((name) => !Object.hasOwn(values, name))
}

/** Returns true if a node has the outer form of a shape, so that its problems are worth telling. */
function fits(context: CheckContext, node: unknown, shape: Shape<unknown>): boolean {
  const { yaml } = context
  if (shape.kind === 'list') return yaml.isSeq(node)
  if (shape.kind === 'section' || shape.kind === 'map') return yaml.isMap(node)
  return yaml.isScalar(node) && readScalar(context, node, shape) !== undefined
}

function readScalar(
  { base }: CheckContext,
  { value, source }: Scalar,
  shape: Shape<unknown>,
): unknown {
  switch (shape.kind) {
    case 'flag':
      return typeof value === 'boolean' ? value : undefined
    case 'whole': {
      // YAML also has 0x10, 0o20 and 1e3, and its older versions read 010 as 8.
      if (typeof value !== 'number' || !/^(?:0|[1-9]\d*)$/.test(source ?? '')) return undefined
      const isIn = Number.isSafeInteger(value) && value >= shape.least && value <= shape.most
      return isIn ? value : undefined
    }
    case 'duration':
      return typeof value === 'string' ? parseDuration(value) : undefined
    case 'size':
      if (typeof value === 'number') return parseSize(source ?? '')
      return typeof value === 'string' ? parseSize(value) : undefined
    case 'choice':
      return shape.choices.find((each) => each === value)
    case 'path':
      if (typeof value !== 'string' || value === '' || value.includes('\0')) return undefined
      return value === shape.word ? value : resolve(base, value)
    case 'text':
      return typeof value === 'string' && (shape.pattern?.test(value) ?? value !== '')
        ? value
        : undefined
    default:
      return undefined
  }
}

/** Says what a shape accepts. */
function describe(shape: Shape<unknown>): string {
  switch (shape.kind) {
    case 'text':
      return shape.says
    case 'path':
      return shape.word === undefined ? 'a path' : `a path, or ${shape.word}`
    case 'flag':
      return 'true or false'
    case 'whole':
      return shape.most === Number.MAX_SAFE_INTEGER
        ? `a whole number from ${shape.least}`
        : `a whole number from ${shape.least} to ${shape.most}`
    case 'duration':
      return 'a duration such as 30s, 5m, 12h or 90d'
    case 'size':
      return 'a size such as 512MiB or 10GB'
    case 'choice':
      return shape.choices.join(', ')
    case 'list':
      return `a list, each item ${describe(shape.item)}`
    case 'either':
      return shape.shapes.map(describe).join(', or ')
    default:
      return `a section with ${describeKeys(shape)}`
  }
}

function wrong(
  context: CheckContext,
  node: Node | null | undefined,
  { key, expected }: { readonly key: string; readonly expected: string },
): undefined {
  add(context, node, { key, message: `expected ${expected}, got ${show(context, node)}` })
}

function show({ yaml }: CheckContext, node: unknown): string {
  if (yaml.isSeq(node)) return 'a list'
  if (yaml.isMap(node)) return 'a section'
  if (!yaml.isScalar(node) || node.value === null) return 'nothing'
  if (typeof node.value === 'number') return node.source?.slice(0, 80) ?? 'a number'
  const value = typeof node.value === 'string' ? hideSecrets(node.value) : node.value
  return JSON.stringify(value)?.slice(0, 80) ?? 'nothing'
}

/** Hides also a password that is not encoded and has a slash. */
function hideSecrets(value: string): string {
  return redact(value.replace(/:\/\/.*@/s, '://***@'))
}

function add(
  { problems, lineOf }: CheckContext,
  node: Node | null | undefined,
  { key, message }: Omit<Problem, 'line'>,
): void {
  problems.push({ line: lineOf(node), key, message })
}
