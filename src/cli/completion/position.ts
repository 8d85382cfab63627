import type { Command, Option } from '../arguments/command.ts'

/** The position of the word that the user types. */
export type Position =
  /** The value of an option; `prefix` is the part of the word before the value: `--network=`. */
  | {
      readonly kind: 'value'
      readonly command: Command
      readonly option: Option
      readonly prefix: string
    }
  | { readonly kind: 'option'; readonly command: Command }
  /** An argument, counted from 0 for the first one of `command`. */
  | { readonly kind: 'argument'; readonly command: Command; readonly index: number }
  /** Words of the container's own command. */
  | { readonly kind: 'foreign' }

/** Finds the position of `typed`. `words` are the words between the name of `command` and `typed`. */
export function findPosition(command: Command, words: readonly string[], typed: string): Position {
  let index = 0
  let mayBeOption = true
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (mayBeOption && word === '--') mayBeOption = false
    else if (mayBeOption && isOption(word)) {
      const option = optionWaiting(command, word)
      if (option === undefined) continue
      if (at + 1 === words.length) return { kind: 'value', command, option, prefix: '' }
      at++
    } else {
      const child = index === 0 ? command.commands.find(({ name }) => name === word) : undefined
      if (child !== undefined) return findPosition(child, words.slice(at + 1), typed)
      // The words after the first argument are the container's own command.
      if (command.isPassing) return { kind: 'foreign' }
      index++
    }
  }
  if (mayBeOption && typed.startsWith('-')) return optionPosition(command, typed)
  return { kind: 'argument', command, index }
}

function optionPosition(command: Command, typed: string): Position {
  const equals = typed.indexOf('=')
  const option = command.options.find(({ long }) => long === typed.slice(0, equals))
  if (equals < 0 || !option?.takesValue) return { kind: 'option', command }
  return { kind: 'value', command, option, prefix: typed.slice(0, equals + 1) }
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-'
}

/** The option that takes its value from the word after `word`. */
function optionWaiting({ options }: Command, word: string): Option | undefined {
  if (word.startsWith('--'))
    return options.find((one) => one.takesValue && one.alone === undefined && one.long === word)
  for (let at = 1; at < word.length; at++) {
    const option = options.find(({ short }) => short === `-${word[at]}`)
    if (option?.takesValue) return at + 1 === word.length ? option : undefined
  }
  return undefined
}
