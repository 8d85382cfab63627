/** The nodes of a parsed Dockerfile. */
export type * from './ast.ts'
/** Booleans in the words of Go. */
export { parseBoolean } from './boolean.ts'
/** The argv of a command, and the script file that it may need. */
export { commandArgv, type InlineScript, inlineScript } from './command.ts'
/** The origins of lines of a composed file. */
export type { ComposedFile, Origin } from './compose/compose.ts'
/** Durations as Go writes them, in nanoseconds. */
export { formatDuration, parseDuration } from './duration.ts'
/** Variables, quotes and escapes of words. */
export {
  type ExpandOptions,
  expand,
  expandWords,
  type Lookup,
} from './expand/expand.ts'
/** The error of a substitution. */
export { SubstitutionError } from './expand/substitution-error.ts'
/** Diagnostics with source excerpts, for people. */
export { formatDiagnostics, formatExcerpt, withoutPasswords } from './format.ts'
/** Go's file name patterns. */
export { hasWildcard, matchPattern, PatternError } from './ignore/glob.ts'
/** `.dockerignore`. */
export { cleanPath, type IgnoreMatcher, ignorePatterns, parseIgnore } from './ignore/ignore.ts'
/** Variables in `RUN --mount`. */
export { expandMount } from './instructions/mount.ts'
/** One word of EXPOSE. */
export { type PortSpec, parsePortSpec } from './instructions/ports.ts'
/** Names and numbers STOPSIGNAL takes. */
export { isSignal } from './instructions/signals.ts'
/** The value of `# check=`, and the lines that checks apply to. */
export { parseCheck } from './lint/check-options.ts'
export { isChecked } from './lint/checks.ts'
/** Messages of rules that need more than the file. */
export {
  hasSubstitution,
  ignoredSources,
  invalidDefault,
  portMessages,
  relativeWorkdir,
  undefinedVariable,
} from './lint/messages.ts'
/** The rules of build checks, and the URLs of their explanations. */
export { isParsingRule, type RuleName, ruleUrl } from './lint/rules.ts'
/** Text to syntax tree and diagnostics. */
export { parse, parseTrigger } from './parse.ts'
/** A mistake in one instruction. */
export { Problem } from './problem.ts'
/** Sizes such as `64m`, in bytes. */
export { parseSize } from './size.ts'
/** Suggestions for misspelt words. */
export { suggest, withSuggestion } from './suggest.ts'
