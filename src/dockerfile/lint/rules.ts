import type { Diagnostic, Range } from '../ast.ts'
import { shorten } from '../problem.ts'

/** BuildKit's build checks that need nothing but the file. */
export type RuleName =
  | 'ConsistentInstructionCasing'
  | 'DuplicateStageName'
  | 'ExposeInvalidFormat'
  | 'ExposeProtoCasing'
  | 'FromAsCasing'
  | 'FromPlatformFlagConstDisallowed'
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
  | 'WorkdirRelativePath'

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
