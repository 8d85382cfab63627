import { createHash, randomUUID } from 'node:crypto'
import { splitCsv } from '#dockerfile/csv'
import { formatGoJson } from '#oci'
import { HclError } from '../hcl-error.ts'
import { fromPlain, mapOf, textOf, toPlain, type Value } from '../value.ts'
import { define, type FunctionTable } from './define.ts'

const hash = (algorithm: string) =>
  define(['text'], (text) => createHash(algorithm).update(text).digest('hex'))

export const encoding: FunctionTable = {
  base64decode: define(['text'], decodeBase64),
  base64encode: define(['text'], (text) => Buffer.from(text).toString('base64')),
  csvdecode: define(['text'], decodeCsv),
  jsondecode: define(['text'], decodeJson),
  jsonencode: define(['any'], (value) => jsonOf(value)),
  md5: hash('md5'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  urlencode: define(['text'], (text) =>
    encodeURIComponent(text)
      .replaceAll('%20', '+')
      .replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`),
  ),
  uuidv4: define([], () => randomUUID()),
  uuidv5: define(['text', 'text'], nameUuid),
}

function decodeBase64(text: string): string {
  if (!/^[\w+/=\r\n-]*$/.test(text)) throw new HclError('the text is no base64')
  return Buffer.from(text, 'base64').toString('utf8')
}

function decodeJson(text: string): Value {
  try {
    return fromPlain(JSON.parse(text))
  } catch {
    throw new HclError('the text is no JSON')
  }
}

/** Writes JSON as HCL does: without spaces, and `<`, `>` and `&` as escapes. */
export function jsonOf(value: Value): string {
  return formatGoJson(toPlain(value))
}

/** The first line names the members of the objects that the other lines are. */
function decodeCsv(text: string): Value {
  const [head, ...lines] = text.split(/\r?\n/).filter((line) => line !== '')
  const names = head === undefined ? undefined : splitCsv(head)
  if (names === undefined) throw new HclError('the text has no line of names')
  return lines.map((line) => {
    const fields = splitCsv(line)
    if (fields?.length !== names.length) throw new HclError('a line has another number of fields')
    return mapOf(names.map((name, index) => [name, fields[index] ?? '']))
  })
}

const namespaces: Readonly<Record<string, string>> = {
  dns: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  url: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  oid: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  x500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
}

/** @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5 */
function nameUuid(namespace: string, name: string): string {
  const space = Object.hasOwn(namespaces, namespace) ? namespaces[namespace] : namespace
  const hex = textOf(space ?? '').replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new HclError('the namespace is no UUID')
  const bytes = createHash('sha1').update(Buffer.from(hex, 'hex')).update(name).digest()
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
