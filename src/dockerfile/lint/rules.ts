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

/** True for rules that a Dockerfile must enable. */
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

/**
 * True for rules that BuildKit checks while parsing. Their warnings are shown beside a
 * parse error.
 */
export function isParsingRule(rule: string): boolean {
  return parsing.has(rule)
}

export function warning(rule: RuleName, message: string, range: Range): Diagnostic {
  return { severity: 'warning', rule, message: shorten(message), range }
}

/** Returns the URL of Docker's explanation, or undefined for the rules of strake in kebab-case. */
export function ruleUrl(rule: string): string | undefined {
  if (!/^[A-Z]/.test(rule)) {
    return undefined
  }
  const kebab = rule.replace(/([a-z])([A-Z])/g, '$1-$2').replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
  return `https://docs.docker.com/go/dockerfile/rule/${kebab.toLowerCase()}/`
}
