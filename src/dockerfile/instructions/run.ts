import type { RunInstruction } from '../ast.ts'
import { Problem } from '../problem.ts'
import { withSuggestion } from '../suggest.ts'
import { parseCommand } from './command.ts'
import { readFlags } from './flags.ts'
import { parseMount } from './mount.ts'
import { nodeOf, requireArguments, type Source } from './source.ts'

const networks = ['default', 'none', 'host'] as const
const securities = ['sandbox', 'insecure'] as const

export function parseRun(source: Source): RunInstruction {
  const flags = readFlags(source, {
    mount: 'list',
    network: 'string',
    security: 'string',
    device: 'list',
  })
  requireArguments(source)
  const network = oneOf('network', flags.string('network'), networks)
  const security = oneOf('security', flags.string('security'), securities)
  return {
    ...nodeOf(source, 'RUN'),
    command: parseCommand(source),
    mounts: flags.list('mount').map((text) => parseMount(text)),
    network,
    security,
    devices: flags.list('device'),
  }
}

function oneOf<Value extends string>(
  flag: string,
  text: string | undefined,
  values: readonly Value[],
): Value | undefined {
  const found = values.find((value) => value === text)
  if (text !== undefined && found === undefined) {
    const message = `--${flag} is one of ${values.join(', ')}, not ${JSON.stringify(text)}`
    throw new Problem('invalid-flag', withSuggestion(message, text, values))
  }
  return found
}
