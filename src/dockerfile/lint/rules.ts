import type { Diagnostic, Range } from '../ast.ts'
import { shorten } from '../problem.ts'

/** BuildKit's build checks. */
export type RuleName =
  | 'ConsistentInstructionCasing'
  | 'CopyIgnoredFile'
  | 'DuplicateStageName'
  | 'ExposeInvalidFormat'
  | 'ExposeProtoCasing'
  | 'FromAsCasing'
  | 'FromPlatformFlagConstDisallowed'
  | 'InvalidBaseImagePlatform'
  | 'InvalidDefaultArgInFrom'
  | 'InvalidDefinitionDescription'
  | 'JSONArgsRecommended'
  | 'LegacyKeyValueFormat'
  | 'MaintainerDeprecated'
  | 'MultipleInstructionsDisallowed'
  | 'NoEmptyContinuation'
  | 'RedundantTargetPlatform'
  | 'ReservedStageName'
  | 'SecretsUsedInArgOrEnv'
  | 'StageNameCasing'
  | 'UndefinedArgInFrom'
  | 'UndefinedVar'
  | 'WorkdirRelativePath'

/** True for rules that are checked only where a Dockerfile asks for them. */
export function isExperimental(rule: string): boolean {
  return rule === 'InvalidDefinitionDescription'
}

const parsing = new Set<string>([
  'FromAsCasing',
  'InvalidDefinitionDescription',
  'MaintainerDeprecated',
  'NoEmptyContinuation',
  'StageNameCasing',
] satisfies RuleName[])

/** True for rules that BuildKit checks while it parses, so that they are told beside a parse error. */
export function isParsingRule(rule: string): boolean {
  return parsing.has(rule)
}

export function warning(rule: RuleName, message: string, range: Range): Diagnostic {
  return { severity: 'warning', rule, message: shorten(message), range }
}

/** Where Docker explains a build check; undefined for the rules in kebab-case, which are our own. */
export function ruleUrl(rule: string): string | undefined {
  if (!/^[A-Z]/.test(rule)) {
    return undefined
  }
  const kebab = rule.replace(/([a-z])([A-Z])/g, '$1-$2').replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
  return `https://docs.docker.com/go/dockerfile/rule/${kebab.toLowerCase()}/`
}
