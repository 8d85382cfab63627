import { parseBoolean } from '#dockerfile/boolean'
import { withSuggestion } from '#dockerfile/suggest'
import { refuse } from '../flags/refuse.ts'

/** The action of `build` on a Dockerfile. */
export interface BuildCall {
  readonly method: (typeof methods)[number]
  readonly format: 'text' | 'json'
  /** Violations do not change the exit code. */
  readonly ignoresStatus: boolean
}

const methods = ['build', 'check', 'outline', 'targets', 'subrequests.describe'] as const
const formats = ['text', 'json'] as const

/** Reads `--call METHOD[,format=text|json][,ignorestatus=true]`, and `--check`. Throws `INVALID`. */
export function parseBuildCall(text: string | undefined, isCheck: boolean): BuildCall {
  let format: BuildCall['format'] = 'text'
  let ignoresStatus = false
  if (text === undefined) return { method: isCheck ? 'check' : 'build', format, ignoresStatus }
  const [word = '', ...options] = text.split(',')
  // The older name of the method.
  const name = word === 'lint' ? 'check' : word.toLowerCase()
  const method = methods.find((each) => each === name)
  if (method === undefined) {
    const message = `expected ${methods.join(', ')}`
    throw refuse('--call', text, withSuggestion(message, word, methods))
  }
  if (isCheck && method !== 'check') throw refuse('--call', text, '--check is given, too')
  for (const option of options) {
    if (option.startsWith('ignorestatus=')) {
      const value = parseBoolean(option.slice('ignorestatus='.length))
      if (value === undefined) throw refuse('--call', text, 'ignorestatus is true or false')
      ignoresStatus = value
      continue
    }
    const found = formats.find((each) => option === `format=${each}`)
    if (found === undefined) throw refuse('--call', text, 'expected format=text or format=json')
    format = found
  }
  return { method, format, ignoresStatus }
}
