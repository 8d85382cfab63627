/**
 * Returns the members of JSON and their types, a path on each line. Members of maps whose names are data,
 * such as labels and ports, count as one member. Text that is no JSON has the shape `no JSON`.
 */
export function shapeOf(json: string): readonly string[] {
  const value = parse(json)
  if (value === undefined) return ['no JSON']
  const paths = new Set<string>()
  collect(value, '', paths)
  return [...paths].sort()
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Maps whose names are chosen by a user. */
const maps =
  /\.(Labels|Networks|Ports|PortBindings|ExposedPorts|Volumes|Options|Containers|Tmpfs|Sysctls|Annotations|LogConfig\.Config|DriverOpts)$/

function collect(value: unknown, path: string, paths: Set<string>): void {
  if (Array.isArray(value)) {
    paths.add(`${path || '.'} array`)
    for (const item of value) collect(item, `${path}[]`, paths)
  } else if (typeof value === 'object' && value !== null) {
    if (path !== '') paths.add(`${path} object`)
    for (const [key, member] of Object.entries(value)) {
      collect(member, `${path}.${maps.test(path) ? '*' : key}`, paths)
    }
  } else {
    paths.add(`${path || '.'} ${value === null ? 'null' : typeof value}`)
  }
}
