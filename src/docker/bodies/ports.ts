import { StrakeError } from '#oci'
import { type Fields, member, object, objects } from './fields.ts'

/** Converts `PortBindings`, such as `{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}`, to values of `--publish`. */
export function portTexts(host: Fields): readonly string[] {
  const bindings = object(host, 'PortBindings') ?? {}
  return Object.keys(bindings).flatMap((port) => {
    if (!/^\d{1,5}(-\d{1,5})?(\/[a-z]+)?$/i.test(port)) {
      throw new StrakeError('INVALID', `invalid port specification: ${JSON.stringify(port)}`)
    }
    const places = objects(bindings, port) ?? []
    return (places.length === 0 ? [{}] : places).map((place) => {
      const ip = member(place, 'HostIp', 'string') ?? ''
      const hostPort = member(place, 'HostPort', 'string') ?? ''
      const address = ip.includes(':') && !ip.startsWith('[') ? `[${ip}]` : ip
      return `${address}${address === '' ? '' : ':'}${hostPort}:${port}`
    })
  })
}
