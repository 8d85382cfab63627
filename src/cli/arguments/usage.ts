import { suggest } from '#dockerfile/suggest'
import type { Context } from '../context.ts'
import { printable } from '../render/text.ts'
import { findAbsence, isAbsentOption } from './absent.ts'
import { formatCommandHelp } from './command-help.ts'
import type { UsageError } from './parse-command.ts'

/**
 * Prints help when the user requested it or typed a group without a command, and
 * otherwise the error in the command line. Returns whether it printed requested help.
 */
export function explainUsage(context: Context, error: UsageError): boolean {
  const { kind } = error.problem
  if (kind !== 'help' && kind !== 'incomplete') {
    context.err.write(`strake: ${describeUsageError(error)}\n`)
    return false
  }
  const output = kind === 'help' ? context.out : context.err
  output.write(formatCommandHelp(error.command, output.columns()))
  return true
}

/** One sentence that names the error, and a remedy. */
export function describeUsageError({ command, problem }: UsageError): string {
  const { path } = command
  switch (problem.kind) {
    case 'missing-argument':
      return `Cannot run 'strake ${path}': <${problem.name}> is missing${helpOf(path)}`
    case 'too-many-arguments': {
      const { most, words } = problem
      const taken =
        most === 0 ? 'no arguments' : `at most ${most} ${most === 1 ? 'argument' : 'arguments'}`
      const given = `${words.length} (${words.map(printable).join(', ')})`
      return `Cannot run 'strake ${path}': it takes ${taken}, but was given ${given}${helpOf(path)}`
    }
    case 'bad-argument':
      return `Cannot run 'strake ${path} ${printable(problem.value)}': ${problem.reason}`
    case 'missing-value':
      return `Cannot use ${problem.flag}: its value is missing${helpOf(path)}`
    case 'bad-value':
      return `Cannot use ${problem.flag} ${printable(problem.value) || '""'}: ${problem.reason}`
    case 'unknown-option': {
      const known = command.options.flatMap(({ long, hidden }) => (hidden ? [] : [long]))
      if (isAbsentOption(problem.flag)) {
        return `${unknownFlag(problem.flag)}: strake does not have it yet`
      }
      const close = suggest(problem.flag, known)
      const hint = close ? `did you mean '${close}'?` : `see 'strake ${path} --help'`
      return `${unknownFlag(problem.flag)}: ${hint}`
    }
    case 'unknown-command': {
      const known = command.commands.map(({ name }) => name)
      return describeUnknown(problem.name, {
        close: suggest(problem.name, known),
        path: command.name,
      })
    }
    case 'help':
    case 'incomplete':
      return `Cannot run 'strake ${path}': it needs a command${helpOf(path)}`
  }
}

/** `path` is empty for a top-level command. */
export function describeUnknown(
  name: string,
  { close, path }: { readonly close: string | undefined; readonly path: string },
): string {
  const words = path === '' ? name : `${path} ${name}`
  const typed = printable(words)
  const absence = findAbsence(words)
  if (absence !== undefined) {
    const { reason, remedy } = absence
    return `unknown command '${typed}': ${reason}${remedy === undefined ? '' : `\n  try: ${remedy}`}`
  }
  const prefix = path === '' ? 'strake' : `strake ${path}`
  const hint = close ? `did you mean '${prefix} ${close}'?` : `see '${prefix} --help'`
  return name.startsWith('-')
    ? `${unknownFlag(name)}: ${hint}`
    : `unknown command '${typed}': ${hint}`
}

/** In Docker's words, which scripts look for. */
function unknownFlag(flag: string): string {
  const text = printable(flag)
  if (flag.startsWith('--')) return `unknown flag: ${text}`
  return `unknown shorthand flag: '${printable(flag.slice(1, 2))}' in ${text}`
}

function helpOf(path: string): string {
  return `\n  try: strake ${path} --help`
}
