import { asFields, refuse } from './bake-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces `${NAME}` in the texts of the JSON form by the variables of the file, which the
 * environment and `--var` override. Throws `INVALID` for other expressions of HCL.
 */
export function replaceVariables(document: unknown, file: string, given: Environment): unknown {
  const { variable = {} } = asFields(document, file, 'the file')
  const values = new Map<string, string>()
  for (const [name, block] of Object.entries(asFields(variable, file, 'variable'))) {
    const { default: usual } = asFields(block, file, `the variable ${name}`)
    if (usual !== undefined && usual !== null && typeof usual === 'object') {
      throw refuse(file, `the variable ${name} is no text`)
    }
    values.set(name, given[name] ?? String(usual ?? ''))
  }
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return replaceText(value, values, file)
    if (Array.isArray(value)) return value.map(replace)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one)]))
  }
  return replace(document)
}

function replaceText(text: string, values: ReadonlyMap<string, string>, file: string): string {
  return text.replaceAll(/\$\$\{|%%\{|%\{|\$\{([^}]*)\}/g, (whole, expression?: string) => {
    if (whole === '$${' || whole === '%%{') return whole.slice(1)
    const name = expression?.trim() ?? whole
    const value = values.get(name)
    if (value !== undefined) return value
    const reason = /^\w+$/.test(name) ? 'there is no such variable' : 'strake evaluates no HCL'
    throw refuse(file, `${whole}: ${reason}`)
  })
}

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
