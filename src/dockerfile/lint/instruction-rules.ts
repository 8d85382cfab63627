import type { Diagnostic, Dockerfile, Instruction, Stage } from '../ast.ts'
import { hasSubstitution, portMessages, relativeWorkdir } from './messages.ts'
import { warning } from './rules.ts'

/** The facts about a stage that stages built from it inherit. */
interface Inherited {
  readonly hasShell: boolean
  readonly hasWorkdir: boolean
}

/** The checks of single instructions and of their order in a stage. */
export function checkInstructions(file: Pick<Dockerfile, 'stages'>): Diagnostic[] {
  const found: Diagnostic[] = []
  const ends = new Map<string, Inherited>()
  for (const stage of file.stages) {
    const base = ends.get(stage.from.image.toLowerCase())
    const { diagnostics, end } = checkStage(stage, base ?? { hasShell: false, hasWorkdir: false })
    found.push(...diagnostics)
    if (stage.name !== undefined) {
      ends.set(stage.name, end)
    }
  }
  return found
}

function checkStage(
  { instructions }: Stage,
  base: Inherited,
): { diagnostics: Diagnostic[]; end: Inherited } {
  const diagnostics: Diagnostic[] = []
  const last = new Map<string, Instruction>()
  let { hasShell, hasWorkdir } = base
  for (const node of instructions) {
    diagnostics.push(...checkOne(node, hasShell))
    const earlier = last.get(node.kind)
    if (earlier !== undefined && ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'].includes(node.kind)) {
      const message = `Multiple ${keywordOf(node)} instructions should not be used in the same stage because only the last one will be used`
      diagnostics.push(warning('MultipleInstructionsDisallowed', message, earlier.range))
    }
    if (node.kind === 'WORKDIR' && !hasWorkdir && isRelative(node.path)) {
      diagnostics.push(warning('WorkdirRelativePath', relativeWorkdir(node.path), node.range))
    }
    hasShell ||= node.kind === 'SHELL'
    hasWorkdir ||= node.kind === 'WORKDIR'
    last.set(node.kind, node)
  }
  return { diagnostics, end: { hasShell, hasWorkdir } }
}

function isRelative(path: string): boolean {
  return !path.startsWith('/') && !hasSubstitution(path)
}

/** The keyword as written. */
function keywordOf({ text }: Instruction): string {
  return /^\S+/.exec(text)?.[0] ?? ''
}

function checkOne(node: Instruction, hasShell: boolean): Diagnostic[] {
  switch (node.kind) {
    case 'CMD':
    case 'ENTRYPOINT': {
      if (node.command.form !== 'shell' || hasShell) return []
      const message = `JSON arguments recommended for ${keywordOf(node)} to prevent unintended behavior related to OS signals`
      return [warning('JSONArgsRecommended', message, node.range)]
    }
    case 'MAINTAINER': {
      const message = 'Maintainer instruction is deprecated in favor of using label'
      return [warning('MaintainerDeprecated', message, node.range)]
    }
    case 'ENV':
      return [...checkLegacy(node), ...checkSecrets(node)]
    case 'LABEL':
      return checkLegacy(node)
    case 'ARG':
      return checkSecrets(node)
    case 'EXPOSE':
      return checkPorts(node)
    default:
      return []
  }
}

function checkLegacy(node: Extract<Instruction, { kind: 'ENV' | 'LABEL' }>): Diagnostic[] {
  if (!node.legacy) return []
  const keyword = keywordOf(node)
  const message = `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`
  return [warning('LegacyKeyValueFormat', message, node.range)]
}

const secret = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i
const harmless = /(?:^|_)(?:public|file|version)(?:_|$)/i

function checkSecrets(node: Extract<Instruction, { kind: 'ARG' | 'ENV' }>): Diagnostic[] {
  const pairs = node.kind === 'ARG' ? node.args : node.pairs
  return pairs
    .filter(({ key }) => secret.test(key) && !harmless.test(key))
    .map(({ key }) => {
      const message = `Do not use ARG or ENV instructions for sensitive data (${node.kind} ${JSON.stringify(key)})`
      return warning('SecretsUsedInArgOrEnv', message, node.range)
    })
}

function checkPorts({ ports, range }: Extract<Instruction, { kind: 'EXPOSE' }>): Diagnostic[] {
  return ports
    .filter((port) => !hasSubstitution(port))
    .flatMap(portMessages)
    .map(([rule, message]) => warning(rule, message, range))
}
