import type { Command, Option } from 'commander'
import { StrakeError } from '#oci'

/** After the first word that is no option, everything belongs to the container. */
const passing = new Set(['run', 'create', 'exec'])

/**
 * Rewrites the forms Docker's flags have and commander's do not: `--rm=false`,
 * `--init=true`, `-p=80:80`. Throws `INVALID` for a switch that is neither true nor false.
 */
export function normalizeFlags(command: Command, argv: readonly string[]): string[] {
  const result: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') return [...result, ...argv.slice(index)]
    if (!isOption(word)) {
      const child = command.commands.find((one) => one.name() === word)
      const rest = argv.slice(index + 1)
      if (child) return [...result, word, ...normalizeFlags(child, rest)]
      if (passing.has(command.name())) return [...result, word, ...rest]
      result.push(word)
      continue
    }
    result.push(...rewrite(command.options, word))
    const value = argv[index + 1]
    if (value !== undefined && takesNext(command.options, word)) {
      result.push(value)
      index++
    }
  }
  return result
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}

function rewrite(options: readonly Option[], word: string): readonly string[] {
  const at = word.indexOf('=')
  if (at < 0) return [word]
  const [flag, value] = [word.slice(0, at), word.slice(at + 1)]
  const option = find(options, flag)
  if (option?.negate) return isTrue(flag, value) ? [flag] : []
  if (option?.isBoolean()) return isTrue(flag, value) ? [flag] : opposite(options, flag)
  if (option !== undefined) return option.short === flag ? [flag, value] : [word]
  const negation = find(options, flag.replace(/^--/, '--no-'))
  if (negation?.negate) return isTrue(flag, value) ? [] : [negation.long ?? flag]
  return [word]
}

/** A switch that is on unless said otherwise has an option that turns it off. */
function opposite(options: readonly Option[], flag: string): readonly string[] {
  const long = find(options, flag)?.long?.replace(/^--/, '--no-')
  return long !== undefined && find(options, long) ? [long] : []
}

/** Whether the next word is the value of this one, or of the last letter of `-itv`. */
function takesNext(options: readonly Option[], word: string): boolean {
  if (word.includes('=')) return false
  if (word.startsWith('--')) return find(options, word)?.required === true
  for (let index = 1; index < word.length; index++) {
    const option = find(options, `-${word[index]}`)
    if (option?.required) return index === word.length - 1
  }
  return false
}

function find(options: readonly Option[], flag: string): Option | undefined {
  return options.find(({ long, short }) => long === flag || short === flag)
}

function isTrue(flag: string, value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true
  if (/^(0|f|false)$/i.test(value)) return false
  throw new StrakeError('INVALID', `Cannot use ${flag}=${value}: it is true or false`)
}
