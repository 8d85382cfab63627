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

const summaries: Readonly<Record<RuleName, string>> = {
  ConsistentInstructionCasing: 'All keywords are written in the same case',
  CopyIgnoredFile: 'COPY and ADD use no file that .dockerignore excludes',
  DuplicateStageName: 'Every stage has a name of its own',
  ExposeInvalidFormat: 'EXPOSE names ports of the container, without addresses and host ports',
  ExposeProtoCasing: 'EXPOSE names protocols in lowercase',
  FromAsCasing: 'AS is written in the case of FROM',
  FromPlatformFlagConstDisallowed: 'FROM --platform is not constant',
  InvalidBaseImagePlatform: 'The base image is for the platform of the build',
  InvalidDefaultArgInFrom: 'Defaults of global arguments give valid names of base images',
  InvalidDefinitionDescription: 'A comment above a stage or argument begins with its name',
  JSONArgsRecommended: 'CMD and ENTRYPOINT are JSON arrays, so that the program receives signals',
  LegacyKeyValueFormat: 'ENV and LABEL have the form key=value',
  MaintainerDeprecated: 'The author is a label',
  MultipleInstructionsDisallowed: 'A stage has one CMD, ENTRYPOINT and HEALTHCHECK at most',
  NoEmptyContinuation: 'An instruction has no empty lines',
  RedundantTargetPlatform: 'FROM does not name the platform that is the default',
  ReservedStageName: 'No stage has a reserved name',
  SecretsUsedInArgOrEnv: 'ARG and ENV have no passwords and keys',
  StageNameCasing: 'Names of stages are written in lowercase',
  UndefinedArgInFrom: 'FROM uses declared arguments',
  UndefinedVar: 'Variables are set before they are used',
  WorkdirRelativePath: 'The first WORKDIR of a build is absolute',
}

/** Returns what a rule demands, in a sentence without a full stop. */
export function ruleSummary(rule: string): string {
  return isRuleName(rule) ? summaries[rule] : `The Dockerfile is valid (${rule})`
}

function isRuleName(rule: string): rule is RuleName {
  return Object.hasOwn(summaries, rule)
}

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
