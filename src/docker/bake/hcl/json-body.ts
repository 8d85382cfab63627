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
      else if (block.hasLabel) {
        for (const labelled of objectsOf(value, name, at)) {
          for (const [label, one] of Object.entries(labelled)) {
            for (const inside of objectsOf(one, label, at)) {
              const body = bodyOfJson(inside, file, block.blocks)
              blocks.push({ type: name, labels: [label], body, at })
            }
          }
        }
      } else {
        for (const inside of objectsOf(value, name, at)) {
          blocks.push({ type: name, labels: [], body: bodyOfJson(inside, file, block.blocks), at })
        }
      }
    }
  }
  return { attributes, blocks }
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
