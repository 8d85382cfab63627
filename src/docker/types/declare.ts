import {
  anyType,
  boolType,
  type Field,
  intType,
  listOf,
  mapOf,
  pointerTo,
  stringType,
  type Type,
} from '#template'
import { timeType } from './time.ts'

const basicTypes: Readonly<Record<string, Type>> = {
  any: anyType,
  bool: boolType,
  int: intType,
  int64: { kind: 'int64', name: 'int64' },
  string: stringType,
  uint: { kind: 'uint', name: 'uint' },
  uint16: { kind: 'uint16', name: 'uint16' },
  uint64: { kind: 'uint64', name: 'uint64' },
  'time.Time': timeType,
}

/**
 * Makes types from declarations. A declaration may only use types that are declared earlier:
 *
 * ```
 * container.Status string
 * container.State {
 *   Status container.Status     a field with this name in templates and in JSON
 *   ID=Id string                another name in JSON
 *   Health? *container.Health   no member of JSON when it is empty
 *   ...container.Resources      another type whose fields are fields of this type too
 * }
 * ```
 */
export function declareTypes(declarations: string): ReadonlyMap<string, Type> {
  const types = new Map<string, Type>(Object.entries(basicTypes))
  let open: { readonly name: string; readonly fields: Field[] } | undefined
  for (const line of declarations.split('\n')) {
    const [first, second] = line.trim().split(/ +/)
    if (first === undefined || first === '') continue
    if (first === '}' && open !== undefined) {
      types.set(open.name, { kind: 'struct', ...open })
      open = undefined
    } else if (open !== undefined) open.fields.push(declareField(types, first, second))
    else if (second === '{') open = { name: first, fields: [] }
    else types.set(first, renamed(findType(types, second ?? ''), first))
  }
  return types
}

function declareField(types: ReadonlyMap<string, Type>, name: string, type = ''): Field {
  if (name.startsWith('...')) {
    const embedded = findType(types, name.slice(3))
    const short = embedded.name.split('.').at(-1) ?? ''
    return { name: short, json: short, type: embedded, isEmbedded: true }
  }
  const [known = '', json = known] = name.replace('?', '').split('=')
  return { name: known, json, type: findType(types, type), omitEmpty: name.endsWith('?') }
}

function findType(types: ReadonlyMap<string, Type>, text: string): Type {
  if (text.startsWith('*')) return pointerTo(findType(types, text.slice(1)))
  if (text.startsWith('[]')) return listOf(findType(types, text.slice(2)))
  const map = /^map\[([^\]]+)\](.+)$/.exec(text)
  if (map !== null) return mapOf(findType(types, map[1] ?? ''), findType(types, map[2] ?? ''))
  const type = types.get(text)
  if (type === undefined) throw new TypeError(`undeclared type ${text}`)
  return type
}

function renamed(type: Type, name: string): Type {
  return type.kind === 'interface' ? type : { ...type, name }
}
