import { refuse } from './bake-target.ts'
import type { Environment } from './bake-variables.ts'

/** Replaces `$NAME`, `${NAME:-usual}` and their kind in a text of a Compose file. */
export function replaceInCompose(text: string, file: string, env: Environment): string {
  const pattern = /\$\$|\$\{(\w+)(?:(:?[-?+])([^{}]*))?\}|\$(\w+)|\$/g
  return text.replaceAll(
    pattern,
    (whole, name?: string, operator?: string, word = '', short?: string) => {
      if (whole === '$$') return '$'
      const variable = name ?? short
      if (variable === undefined)
        throw refuse(file, `the variable in ${JSON.stringify(text)} is malformed`)
      const value = env[variable]
      const isSet = operator?.startsWith(':') ? Boolean(value) : value !== undefined
      if (operator?.endsWith('+')) return isSet ? word : ''
      if (isSet || operator === undefined) return value ?? ''
      if (operator.endsWith('-')) return word
      throw refuse(file, `${variable} is not set${word === '' ? '' : `: ${word}`}`)
    },
  )
}
