import { type RunConfig, StrakeError } from '#oci'
import { type Fields, member, object, textMap, texts } from './fields.ts'

/** Reads the configuration in the body of `POST /commit`: what it names, and nothing else. Throws `INVALID`. */
export function parseRunConfig(body: Fields): RunConfig {
  const text = (name: string): string | undefined => member(body, name, 'string') || undefined
  const members = {
    User: text('User'),
    ExposedPorts: keysOf(body, 'ExposedPorts', /^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/),
    Env: texts(body, 'Env'),
    Entrypoint: texts(body, 'Entrypoint'),
    Cmd: texts(body, 'Cmd'),
    Volumes: keysOf(body, 'Volumes', /^\//),
    WorkingDir: text('WorkingDir'),
    Labels: textMap(body, 'Labels'),
    StopSignal: text('StopSignal'),
  }
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given)
}

function keysOf(
  body: Fields,
  name: string,
  form: RegExp,
): Readonly<Record<string, object>> | undefined {
  const found = object(body, name)
  if (found === undefined) return undefined
  const keys = Object.keys(found)
  const wrong = keys.find((key) => !form.test(key))
  if (wrong !== undefined) {
    throw new StrakeError('INVALID', `invalid ${name}: ${JSON.stringify(wrong)}`)
  }
  return Object.fromEntries(keys.map((key) => [key, {}]))
}
