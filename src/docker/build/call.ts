import { withSuggestion } from '#dockerfile/suggest'
import { refuse } from '../flags/refuse.ts'

/** The action of `build` on a Dockerfile. */
export interface BuildCall {
  readonly method: 'build' | 'check' | 'outline' | 'targets'
  readonly format: 'text' | 'json'
}

const methods = ['build', 'check', 'outline', 'targets'] as const
const formats = ['text', 'json'] as const

/** Reads `--call METHOD[,format=text|json]`, and `--check`. Throws `INVALID`. */
export function parseBuildCall(text: string | undefined, isCheck: boolean): BuildCall {
  if (text === undefined) return { method: isCheck ? 'check' : 'build', format: 'text' }
  const [word = '', ...options] = text.split(',')
  // The older name of the method.
  const name = word === 'lint' ? 'check' : word.toLowerCase()
  const method = methods.find((each) => each === name)
  if (method === undefined) {
    const message = `expected ${methods.join(', ')}`
    throw refuse('--call', text, withSuggestion(message, word, methods))
  }
  if (isCheck && method !== 'check') throw refuse('--call', text, '--check is given, too')
  let format: BuildCall['format'] = 'text'
  for (const option of options) {
    const found = formats.find((each) => option === `format=${each}`)
    if (found === undefined) throw refuse('--call', text, 'expected format=text or format=json')
    format = found
  }
  return { method, format }
}
