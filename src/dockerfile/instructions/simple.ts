import type {
  ExposeInstruction,
  MaintainerInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from '../ast.ts'
import { Problem } from '../problem.ts'
import { readFlags } from './flags.ts'
import { parsePortSpec } from './ports.ts'
import { isSignal } from './signals.ts'
import { nodeOf, oneArgument, requireArguments, type Source } from './source.ts'
import { parseJsonForm, splitSpace } from './words.ts'

export function parseWorkdir(source: Source): WorkdirInstruction {
  readFlags(source, {})
  return { ...nodeOf(source, 'WORKDIR'), path: oneArgument(source) }
}

export function parseUser(source: Source): UserInstruction {
  readFlags(source, {})
  return { ...nodeOf(source, 'USER'), user: oneArgument(source) }
}

export function parseMaintainer(source: Source): MaintainerInstruction {
  readFlags(source, {})
  return { ...nodeOf(source, 'MAINTAINER'), author: oneArgument(source) }
}

export function parseStopsignal(source: Source): StopsignalInstruction {
  readFlags(source, {})
  const signal = oneArgument(source)
  if (!/["'$]/.test(signal) && !isSignal(signal)) {
    throw new Problem('invalid-argument', `invalid signal: ${signal}`)
  }
  return { ...nodeOf(source, 'STOPSIGNAL'), signal }
}

export function parseExpose(source: Source): ExposeInstruction {
  readFlags(source, {})
  requireArguments(source)
  const ports = splitSpace(source.rest)
  for (const port of ports) {
    if (!/["'$\\]/.test(port) && parsePortSpec(port) === undefined) {
      const message = `invalid port ${JSON.stringify(port)}: EXPOSE takes port[-port][/protocol]`
      throw new Problem('invalid-argument', message)
    }
  }
  return { ...nodeOf(source, 'EXPOSE'), ports }
}

export function parseVolume(source: Source): VolumeInstruction {
  readFlags(source, {})
  requireArguments(source)
  const paths = (parseJsonForm(source.rest) ?? splitSpace(source.rest)).map((path) => path.trim())
  if (paths.length === 0) {
    throw new Problem('missing-argument', 'VOLUME requires at least one argument')
  }
  if (paths.includes('')) {
    throw new Problem('invalid-argument', 'VOLUME specified can not be an empty string')
  }
  return { ...nodeOf(source, 'VOLUME'), paths }
}

export function parseShell(source: Source): ShellInstruction {
  readFlags(source, {})
  requireArguments(source)
  const argv = parseJsonForm(source.rest)
  if (argv === undefined) {
    const message = 'SHELL requires the arguments to be in JSON form, such as ["/bin/bash", "-c"]'
    throw new Problem('invalid-json', message)
  }
  if (argv.length === 0) {
    throw new Problem('missing-argument', 'SHELL requires at least one argument')
  }
  return { ...nodeOf(source, 'SHELL'), argv }
}
