import type { CommanderError } from 'commander'
import { printable } from '../render/text.ts'
import { commands } from '../table.ts'
import { findSubstitute } from './absent.ts'

/** What to print of a command line that cannot be read, and how to end. */
export interface UsageFailure {
  readonly text: string
  readonly isHelp: boolean
}

/**
 * Commander's refusals in our words: one sentence that names the thing, and
 * where to look. `path` is the command as it was typed, `image prune`.
 */
export function describeUsageError(error: CommanderError, path: string): UsageFailure {
  if (/^commander\.(help|helpDisplayed|version)$/.test(error.code)) {
    return { text: '', isHelp: true }
  }
  const message = error.message.replace(/^error: /, '')
  return { text: `strake: ${reword(message, path)}\n`, isHelp: false }
}

/** By their beginnings: commander has one sentence for each. */
const rewordings: readonly (readonly [
  RegExp,
  (match: readonly string[], path: string) => string,
])[] = [
  [
    /^missing required argument '(.*)'$/,
    ([, name], path) => `Cannot run 'strake ${path}': <${name}> is missing${helpOf(path)}`,
  ],
  [
    /^too many arguments.* Expected (\d+) arguments? but got (\d+): (.*)\.$/,
    ([, most, count, words], path) =>
      `Cannot run 'strake ${path}': it takes ${most === '0' ? 'no arguments' : `at most ${most}`}, and here are ${count} (${words})${helpOf(path)}`,
  ],
  [
    /^option '(.*)' argument missing$/,
    ([, flags], path) => `Cannot use ${longOf(flags)}: its value is missing${helpOf(path)}`,
  ],
  [
    /^option '(.*)' (?:argument|value) '(.*)' (?:from .* )?is invalid(?: from env '.*')?\. Allowed choices are (.*)\.$/s,
    ([, flags, value, choices]) =>
      `Cannot use ${longOf(flags)} ${value}: it is one of ${choices ?? ''}`,
  ],
  [
    /^option '(.*)' (?:argument|value) '(.*)' (?:from .* )?is invalid\. (.*)$/s,
    ([, flags, value, reason]) => `Cannot use ${longOf(flags)} ${value}: ${unstop(reason)}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '.*'\. Allowed choices are (.*)\.$/s,
    ([, value, choices], path) => `Cannot run 'strake ${path} ${value}': it is one of ${choices}`,
  ],
  [
    /^unknown option '(.*)'(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/,
    ([, flag, close], path) =>
      `unknown option '${flag}': ${close ? `did you mean '${close}'?` : `see 'strake ${path} --help'`}`,
  ],
  [
    /^unknown command '(.*)'(?:\n\(Did you mean (?:one of )?(.*)\?\))?$/,
    ([, name = '', close], path) =>
      describeUnknown(name, { close, path: path.split(' ', 1)[0] ?? '' }),
  ],
]

function reword(message: string, path: string): string {
  for (const [pattern, sentence] of rewordings) {
    const match = pattern.exec(message)
    if (match)
      return sentence(
        match.map((part) => part && printable(part)),
        path,
      )
  }
  return message
}

/** `path` is empty for a command of its own. */
export function describeUnknown(
  name: string,
  { close, path }: { readonly close: string | undefined; readonly path: string },
): string {
  const typed = printable(path === '' ? name : `${path} ${name}`)
  const instead = findSubstitute(name)
  if (instead !== undefined) {
    return `unknown command '${typed}': strake does not have it yet${instead === '' ? '' : `\n  try: ${instead}`}`
  }
  const prefix = path === '' ? 'strake' : `strake ${path}`
  const hint = close ? `did you mean '${prefix} ${close}'?` : `see '${prefix} --help'`
  return `unknown ${name.startsWith('-') ? 'option' : 'command'} '${typed}': ${hint}`
}

function longOf(flags: string | undefined): string {
  return /--[a-z-]+/.exec(flags ?? '')?.[0] ?? flags ?? ''
}

function unstop(sentence: string | undefined): string {
  return (sentence ?? '').replace(/\.$/, '')
}

function helpOf(path: string): string {
  return `\n  try: strake ${path} --help`
}

/** The words of a command line that name the command: `image prune`, `ps`. */
export function commandPath(argv: readonly string[]): string {
  const [name = '', child = ''] = argv
  const isGroup = ['image', 'container', 'system', 'builder', 'registry'].includes(name)
  const nested = isGroup || (name === 'tag' && (child === 'log' || child === 'rollback'))
  return nested && Object.hasOwn(commands, name) && /^[a-z]/.test(child) ? `${name} ${child}` : name
}
