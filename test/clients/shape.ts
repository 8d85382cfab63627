/**
 * The form of a JSON value: the keys of objects, the distinct forms of the elements of a list, and
 * for other values their type and whether they are empty.
 */
export type Shape = string | readonly Shape[] | { readonly [key: string]: Shape }

export function shapeOf(value: unknown): Shape {
  if (value === null) return 'null'
  if (Array.isArray(value)) return distinct(value.map(shapeOf))
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, one]) => [plainKey(key), shapeOf(one)] as const,
    )
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text'
  if (typeof value === 'number') return value === 0 ? 'zero' : 'number'
  return String(value)
}

/** The distinct forms in a list, in a fixed order. */
export function distinct(shapes: readonly Shape[]): readonly Shape[] {
  const known = new Map(shapes.map((shape) => [JSON.stringify(shape), shape]))
  return [...known].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shape]) => shape)
}

/** Keys with an ID differ in every run. */
function plainKey(key: string): string {
  return key.replace(/[0-9a-f]{64}/, 'ID')
}

/** A place where two shapes differ. */
export interface ShapeDifference {
  /** `HostConfig.Binds`; an element of a list is `[]`. */
  readonly path: string
  readonly expected: string
  readonly actual: string
}

/** Returns the places where `actual` is not `expected`. */
export function compareShapes(
  expected: Shape | undefined,
  actual: Shape | undefined,
  path = '',
): readonly ShapeDifference[] {
  if (isMap(expected) && isMap(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
    return keys.flatMap((key) =>
      compareShapes(expected[key], actual[key], path === '' ? key : `${path}.${key}`),
    )
  }
  if (isList(expected) && isList(actual) && expected.length === 1 && actual.length === 1) {
    return compareShapes(expected[0], actual[0], `${path}[]`)
  }
  const [one, other] = [textOf(expected), textOf(actual)]
  return one === other ? [] : [{ path, expected: one, actual: other }]
}

const isMap = (shape: Shape | undefined): shape is { readonly [key: string]: Shape } =>
  typeof shape === 'object' && !Array.isArray(shape)

const isList = (shape: Shape | undefined): shape is readonly Shape[] => Array.isArray(shape)

const textOf = (shape: Shape | undefined): string =>
  shape === undefined ? 'absent' : typeof shape === 'string' ? shape : JSON.stringify(shape)
