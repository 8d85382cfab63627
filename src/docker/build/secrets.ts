import { parseBoolean } from '#dockerfile/boolean'
import { splitCsv } from '#dockerfile/csv'
import type { AgentSource, SecretSource } from '#engine/build/build'
import { refuse } from '../flags/refuse.ts'

/** Reads `--secret`: `id=…` with `src=FILE` or `env=NAME`. Throws `INVALID`. */
export function parseSecret(text: string): SecretSource {
  const fields = new Map<string, string>()
  for (const field of splitCsv(text) ?? []) {
    const [, word = '', value = ''] = /^([^=]*)=(.*)$/s.exec(field) ?? []
    const key = word === 'src' ? 'source' : word.toLowerCase()
    if (!['id', 'type', 'source', 'env'].includes(key)) {
      throw refuse('--secret', text, 'expected id=NAME,src=FILE or id=NAME,env=VARIABLE')
    }
    fields.set(key, value)
  }
  const id = fields.get('id')
  if (!id) throw refuse('--secret', text, 'it has no id')
  const type = fields.get('type')
  if (type !== undefined && type !== 'file' && type !== 'env') {
    throw refuse('--secret', text, `there is no type ${type}`)
  }
  const [source, variable] = [fields.get('source') || undefined, fields.get('env') || undefined]
  if (type === 'env') {
    const env = variable ?? source
    return { id, env }
  }
  if (source !== undefined && variable !== undefined) {
    throw refuse('--secret', text, 'expected a file or a variable, not both')
  }
  return { id, file: source, env: variable }
}

/** Reads `--ssh`: `default`, `ID=SOCKET` or `ID=KEY,KEY`. Throws `INVALID`. */
export function parseAgent(text: string): AgentSource {
  const [, word = '', , rest] = /^([^=]*)(=(.*))?$/s.exec(text) ?? []
  const words = (rest ?? '').split(',').filter((one) => one !== '')
  const paths = words.filter((one) => !one.startsWith('raw='))
  const raw = words.find((one) => one.startsWith('raw='))?.slice('raw='.length) ?? 'false'
  const isRaw = parseBoolean(raw)
  if (isRaw === undefined) throw refuse('--ssh', text, 'raw is true or false')
  if (isRaw && paths.length !== 1) throw refuse('--ssh', text, 'raw needs one socket')
  return { id: word || 'default', isRaw, paths }
}
