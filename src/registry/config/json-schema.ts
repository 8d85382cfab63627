import { registryShape } from './registry-shape.ts'
import type { Shape } from './shape.ts'
import { durationPattern, sizePattern } from './units.ts'

/** Returns the JSON schema of the configuration file, for editors and other checkers. */
export function configSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of strake registry serve',
    ...schemaOf(registryShape),
  }
}

function schemaOf(shape: Shape<unknown>): object {
  switch (shape.kind) {
    case 'text':
      return {
        type: 'string',
        ...(shape.pattern ? { pattern: shape.pattern.source } : { minLength: 1 }),
      }
    case 'path':
      return { type: 'string', minLength: 1 }
    case 'flag':
      return { type: 'boolean' }
    case 'whole':
      return { type: 'integer', minimum: shape.least, maximum: shape.most }
    case 'duration':
      return { type: 'string', pattern: durationPattern.source }
    case 'size':
      return {
        anyOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', pattern: sizePattern.source },
        ],
      }
    case 'choice':
      return { enum: shape.choices }
    case 'list':
      return {
        type: 'array',
        items: schemaOf(shape.item),
        ...(shape.least > 0 && { minItems: shape.least }),
      }
    case 'map':
      return {
        type: 'object',
        patternProperties: { [shape.keys.source]: schemaOf(shape.value) },
        additionalProperties: false,
      }
    case 'either':
      return { anyOf: shape.shapes.map(schemaOf) }
    case 'section':
      return schemaOfSection(shape)
  }
}

function schemaOfSection({ keys }: Extract<Shape<unknown>, { kind: 'section' }>): object {
  const entries = Object.entries(keys)
  const required = entries.filter(([, key]) => key.isRequired).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, { about, shape }]) => [name, { description: about, ...schemaOf(shape) }]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}
