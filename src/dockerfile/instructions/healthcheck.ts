import type { HealthcheckInstruction } from '../ast.ts'
import { parseDuration } from '../duration.ts'
import { Problem } from '../problem.ts'
import { parseCommand } from './command.ts'
import { type Flags, readFlags } from './flags.ts'
import { nodeOf, requireArguments, type Source } from './source.ts'

const millisecond = 1e6

/** `HEALTHCHECK NONE` or `HEALTHCHECK [flags] CMD <command>`. */
export function parseHealthcheck(source: Source): HealthcheckInstruction {
  requireArguments(source)
  const [kind = '', rest = ''] = source.rest.split(/\s+(.*)/s)
  const node = nodeOf(source, 'HEALTHCHECK')
  const flags = readFlags(source, {
    interval: 'string',
    timeout: 'string',
    'start-period': 'string',
    'start-interval': 'string',
    retries: 'string',
  })
  if (kind.toUpperCase() === 'NONE') {
    if (rest !== '') {
      throw new Problem('invalid-argument', 'HEALTHCHECK NONE takes no arguments')
    }
    return node
  }
  if (kind.toUpperCase() !== 'CMD') {
    const message = `unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`
    throw new Problem('invalid-argument', message)
  }
  const command = parseCommand({ ...source, rest })
  if (command.form === 'exec' ? command.argv.length === 0 : command.text === '') {
    throw new Problem('missing-argument', 'missing command after HEALTHCHECK CMD')
  }
  return { ...node, command, ...timing(flags) }
}

type Timing = Pick<
  HealthcheckInstruction,
  'interval' | 'timeout' | 'startPeriod' | 'startInterval' | 'retries'
>

function timing(flags: Flags): Timing {
  const retries = flags.string('retries')
  if (retries !== undefined && !/^\+?\d{1,9}$/.test(retries)) {
    const message = /^-\d+$/.test(retries)
      ? `--retries cannot be negative (${retries})`
      : `--retries is a number, not ${JSON.stringify(retries)}`
    throw new Problem('invalid-flag', message)
  }
  return {
    ...duration(flags, 'interval', 'interval'),
    ...duration(flags, 'timeout', 'timeout'),
    ...duration(flags, 'start-period', 'startPeriod'),
    ...duration(flags, 'start-interval', 'startInterval'),
    retries: retries === undefined ? undefined : Number(retries),
  }
}

function duration(flags: Flags, flag: string, field: keyof Timing): Timing {
  const text = flags.string(flag)
  if (text === undefined) {
    return {}
  }
  const value = parseDuration(text)
  if (value === undefined) {
    const message = `--${flag} is a duration such as 30s or 1m30s, not ${JSON.stringify(text)}`
    throw new Problem('invalid-flag', message)
  }
  if (value !== 0 && value < millisecond) {
    throw new Problem('invalid-flag', `--${flag} cannot be less than 1ms`)
  }
  return { [field]: value }
}
