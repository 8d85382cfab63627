import { refuse } from './refuse.ts'

/** Whether a `--device` names a device by CDI: `vendor.com/class=name`. Paths begin with a slash. */
export function isCdiName(text: string): boolean {
  return /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w-]*=[\w.:-]+$/.test(text)
}

/** The kind of device for which the tools of the vendor write a CDI specification. */
const usualKind = 'nvidia.com/gpu'
/** More GPUs than a machine has. */
const mostGpus = 64

/**
 * Reads `--gpus` as names in CDI: `all`, a number, or `device=0,1` in quotes. Of the other
 * members, `driver=cdi` lets `device` have whole names, and capabilities change nothing. Throws `INVALID`.
 */
export function parseGpus(text: string): readonly string[] {
  const members = splitMembers(text)
  let [count, driver, devices] = ['', '', [] as readonly string[]]
  for (const member of members) {
    const at = member.indexOf('=')
    const [key, value] = at < 0 ? ['count', member] : [member.slice(0, at), member.slice(at + 1)]
    if (key === 'count') count = value
    else if (key === 'device') devices = value.split(',')
    else if (key === 'driver') driver = value
    else if (key !== 'capabilities') throw refuse('--gpus', text, `${key} is unknown`)
  }
  if (devices.length > 0 && count !== '') {
    throw refuse('--gpus', text, 'count and device exclude each other')
  }
  if (devices.length > 0) {
    const names = devices.map((one) => (driver === 'cdi' ? one : `${usualKind}=${one}`))
    const wrong = names.find((name) => !isCdiName(name))
    if (wrong !== undefined) throw refuse('--gpus', text, `${wrong} is no name of a device`)
    return names
  }
  if (count === 'all' || count === '-1') return [`${usualKind}=all`]
  const number = /^\d{1,3}$/.test(count) ? Number(count) : 0
  if (number < 1 || number > mostGpus) {
    throw refuse('--gpus', text, 'expected all, a number, or device=NAME[,NAME]')
  }
  return Array.from({ length: number }, (_, index) => `${usualKind}=${index}`)
}

/** Members are separated by commas; those in quotes may have commas themselves. */
function splitMembers(text: string): readonly string[] {
  const members = text.match(/"[^"]*"|[^,"]+/g) ?? []
  return members.map((member) => member.replaceAll('"', ''))
}
