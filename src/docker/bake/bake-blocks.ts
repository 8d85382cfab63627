import type { BakeGroup } from './bake-file.ts'
import { rememberOnce } from './bake-once.ts'
import { printedValue } from './bake-print.ts'
import {
  type BakeTarget,
  type BakeValue,
  mergeTargets,
  readTargetValue,
  requireTargetName,
  targetKeys,
} from './bake-target.ts'
import { evaluate, type Found, type Scope, withVariables } from './hcl/evaluate.ts'
import { atPlace, HclError } from './hcl/hcl-error.ts'
import { labelOf } from './hcl/label.ts'
import type { Block } from './hcl/syntax.ts'
import { fromPlain, isList, isMap, mapOf, textOf, type Value } from './hcl/value.ts'

/** A target block with the variables of one element of its matrix. */
interface Place {
  readonly name: string
  readonly block: Block
  readonly variables: ReadonlyMap<string, Value>
}

export interface Targets {
  readonly targets: Readonly<Record<string, BakeTarget>>
  /** The label of a block whose targets have other names is a group of them. */
  readonly matrices: Readonly<Record<string, BakeGroup>>
}

/** Evaluates the `target` blocks. They may refer to each other: `target.app.tags`. */
export function readTargets(blocks: readonly Block[], outer: Scope): Targets {
  const places: Place[] = []
  const once = rememberOnce<BakeValue | undefined>()
  const scope: Scope = {
    find(name, steps) {
      return name === 'target' ? findInTargets(steps) : outer.find(name, steps)
    },
    function: outer.function,
  }
  const valueAt = ({ name, block, variables }: Place, key: string): BakeValue | undefined => {
    const expression = block.body.attributes.get(key)?.value
    if (expression === undefined) return undefined
    return atPlace(expression.at, () =>
      once(`target.${name}.${key} in line ${block.at.line}`, () =>
        readTargetValue(key, evaluate(expression, withVariables(scope, variables))),
      ),
    )
  }
  const findInTargets = ([name, key]: readonly string[]): Found => {
    if (name === undefined) throw new HclError('expected target.NAME.ATTRIBUTE')
    const blocksOfName = places.filter((place) => place.name === name)
    if (blocksOfName.length === 0) throw new HclError(`there is no target ${name}`)
    const read = (one: string): Value => {
      if (one === 'name') return name
      const values = blocksOfName.map((place) => valueAt(place, one))
      const value = values.findLast((each) => each !== undefined)
      return value === undefined ? null : fromPlain(printedValue(one, value))
    }
    if (key === undefined) {
      const keys = ['name', ...Object.keys(targetKeys)]
      return { value: mapOf(keys.map((one) => [one, read(one)])), steps: 1 }
    }
    if (key !== 'name' && !Object.hasOwn(targetKeys, key)) {
      throw new HclError(`a target has no ${key}`)
    }
    return { value: read(key), steps: 2 }
  }

  const matrices: Record<string, BakeGroup> = {}
  for (const block of blocks.filter(({ type }) => type === 'target')) {
    const label = atPlace(block.at, () => requireTargetName(labelOf(block)))
    const made = placesOf(block, label, scope)
    places.push(...made)
    const names = [...(matrices[label]?.targets ?? []), ...made.map(({ name }) => name)]
    matrices[label] = { targets: [...new Set(names)] }
  }
  const targets: Record<string, BakeTarget> = {}
  for (const place of places) {
    const entries = [...place.block.body.attributes.keys()].flatMap(
      (key): [string, BakeValue][] => {
        if (key === 'matrix' || key === 'name') return []
        const value = valueAt(place, key)
        return value === undefined ? [] : [[key, value]]
      },
    )
    targets[place.name] = mergeTargets(targets[place.name] ?? {}, Object.fromEntries(entries))
  }
  const renamed = Object.entries(matrices).filter(
    ([label, { targets: names }]) => names.length !== 1 || names[0] !== label,
  )
  return { targets, matrices: Object.fromEntries(renamed) }
}

/** The targets of a block: one for each element of its matrix. */
function placesOf(block: Block, label: string, scope: Scope): readonly Place[] {
  const matrix = block.body.attributes.get('matrix')?.value
  const name = block.body.attributes.get('name')?.value
  if (matrix === undefined) {
    if (name !== undefined) throw new HclError('name needs a matrix', name.at)
    return [{ name: label, block, variables: new Map() }]
  }
  const value = evaluate(matrix, scope)
  if (!isMap(value)) throw new HclError('matrix is no object', matrix.at)
  let rows: readonly ReadonlyMap<string, Value>[] = [new Map()]
  for (const [key, list] of value) {
    if (!isList(list)) throw new HclError(`${key} in matrix is no list`, matrix.at)
    if (rows.length * list.length > mostTargets) {
      throw new HclError(`a matrix has more than ${mostTargets} targets`, matrix.at)
    }
    rows = list.flatMap((one) => rows.map((row) => new Map([...row, [key, one]])))
  }
  const places = rows.map((variables) => {
    const text =
      name === undefined ? label : textOf(evaluate(name, withVariables(scope, variables)), name.at)
    return { name: atPlace(block.at, () => requireTargetName(text)), block, variables }
  })
  if (new Set(places.map((place) => place.name)).size < places.length) {
    throw new HclError('two targets of a matrix have the same name; set name', matrix.at)
  }
  return places
}

/** The most targets of one matrix. */
const mostTargets = 10_000
