import { HclError, type Place } from './hcl-error.ts'
import { parseText } from './parse-expression.ts'
import type { Attribute, Block, Body, Expression } from './syntax.ts'

type Fields = Readonly<Record<string, unknown>>

/** The blocks that a file may have, each with those inside of it. */
export interface BlockNames {
  readonly [name: string]: { readonly hasLabel: boolean; readonly blocks: BlockNames }
}

/** Returns the body that a document in JSON means. Its texts are templates. Throws `HclError`. */
export function bodyOfJson(document: unknown, file: string, names: BlockNames): Body {
  const at: Place = { file, line: 1, column: 1 }
  const attributes = new Map<string, Attribute>()
  const blocks: Block[] = []
  for (const fields of objectsOf(document, 'the file', at)) {
    for (const [name, value] of Object.entries(fields)) {
      const block = Object.hasOwn(names, name) ? names[name] : undefined
      if (name === '//') continue
      if (block === undefined) attributes.set(name, { name, value: expressionOf(value, at), at })
      else {
        for (const { labels, fields: inside } of bodiesOf(value, name, block.hasLabel, at)) {
          const body = bodyOfJson(inside, file, block.blocks)
          blocks.push({ type: name, labels, body, at })
        }
      }
    }
  }
  return { attributes, blocks }
}

interface LabelledFields {
  readonly labels: readonly string[]
  readonly fields: Fields
}

/** The bodies of all blocks of one type. The names of an object are labels where the type has one. */
function bodiesOf(
  value: unknown,
  type: string,
  hasLabel: boolean,
  at: Place,
): readonly LabelledFields[] {
  const objects = objectsOf(value, type, at)
  if (!hasLabel) return objects.map((fields) => ({ labels: [], fields }))
  return objects.flatMap((labelled) =>
    Object.entries(labelled).flatMap(([label, one]) =>
      objectsOf(one, label, at).map((fields) => ({ labels: [label], fields })),
    ),
  )
}

/** A list of objects is the same as several blocks. */
function objectsOf(value: unknown, what: string, at: Place): readonly Fields[] {
  const list = Array.isArray(value) ? value : [value]
  if (list.every((one): one is Fields => typeof one === 'object' && one !== null)) {
    if (!list.some((one) => Array.isArray(one))) return list
  }
  throw new HclError(`${what} is no object`, at)
}

function expressionOf(value: unknown, at: Place): Expression {
  if (typeof value === 'string') return parseText(value, at)
  if (Array.isArray(value)) {
    return { kind: 'list', items: value.map((one) => expressionOf(one, at)), at }
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([name, one]) => [parseText(name, at), expressionOf(one, at)] as const,
    )
    return { kind: 'object', entries, at }
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'literal', value, at }
  }
  throw new HclError('a value is no JSON', at)
}
