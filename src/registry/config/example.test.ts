import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from './parse-config.ts'
import { registryShape } from './registry-shape.ts'
import type { Shape } from './shape.ts'

const docs = join(import.meta.dir, '../../../docs')
/** One machine, and many replicas. */
const examples = [`${docs}/registry.example.yml`, `${docs}/registry.cluster.example.yml`]

/** Returns the keys of a shape that a value does not have. */
function absentKeys(
  shape: Shape<unknown>,
  values: readonly unknown[],
  at: string,
): readonly string[] {
  switch (shape.kind) {
    case 'section':
      return Object.entries(shape.keys).flatMap(([name, key]) => {
        const path = at === '' ? name : `${at}.${name}`
        const found = values.flatMap((value) =>
          typeof value === 'object' && value !== null && name in value
            ? [(value as Record<string, unknown>)[name]]
            : [],
        )
        return found.length === 0 ? [path] : absentKeys(key.shape, found, path)
      })
    case 'list':
      return absentKeys(shape.item, values.flat(), `${at}[]`)
    case 'either':
      return shape.shapes.flatMap((each) => absentKeys(each, values, at))
    default:
      return []
  }
}

test('the example files are valid, and show every key', async () => {
  const configs = await Promise.all(
    examples.map((path) => parseConfig(readFileSync(path, 'utf8'), path)),
  )
  expect(absentKeys(registryShape, configs, '')).toEqual([])
})
