import type { Argument, Option } from '../arguments/command.ts'
import { globalOptions, parseGlobalOptions } from '../arguments/global-options.ts'
import { shorten } from '../arguments/long-forms.ts'
import type { Context } from '../context.ts'
import { commands } from '../table.ts'
import { namesFor, networkNames, volumeNames } from './names.ts'
import { valuesOf } from './option-values.ts'
import { findPosition } from './position.ts'

/**
 * Prints the candidates for the last of `words`, one on each line, for the
 * completion scripts. Prints nothing when an error occurs.
 */
export async function complete(context: Context, words: readonly string[]): Promise<void> {
  const typed = words.at(-1) ?? ''
  const candidates = await candidatesFor(context, words.slice(0, -1), typed).catch(() => [])
  const matching = [...new Set(candidates)].filter((word) => word.startsWith(typed)).sort()
  context.out.write(matching.map((word) => `${word}\n`).join(''))
}

async function candidatesFor(
  context: Context,
  words: readonly string[],
  typed: string,
): Promise<readonly string[]> {
  const { root, incomplete, argv } = parseGlobalOptions(words)
  if (incomplete !== undefined) return valuesOf('', incomplete)
  if (argv.length === 0) {
    return typed.startsWith('-') ? globalOptions : [...Object.keys(commands), 'help']
  }
  const [name = '', ...rest] = shorten([...argv, typed]).slice(0, -1)
  if (name === 'help') return rest.length === 0 ? Object.keys(commands) : []
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) return []
  const position = findPosition((await entry.load()).define(context), rest, typed)
  switch (position.kind) {
    case 'foreign':
      return []
    case 'option':
      return position.command.options.filter(({ hidden }) => !hidden).map(({ long }) => long)
    case 'value':
      return (
        await optionValues(context, {
          ...{ command: position.command.path, root, option: position.option },
        })
      ).map((value) => position.prefix + value)
    case 'argument': {
      const { command, index } = position
      const children = index === 0 ? command.commands.map((child) => child.name) : []
      const choices = argumentAt(command.arguments, index)?.choices ?? []
      const names = await namesFor(context, command.path, { index, root })
      return [...children, ...choices, ...names]
    }
  }
}

async function optionValues(
  context: Context,
  place: { readonly command: string; readonly root: string | undefined; readonly option: Option },
): Promise<readonly string[]> {
  const { command, root, option } = place
  // The path in the container follows the name.
  if (option.long === '--volume') {
    return (await volumeNames(context, root)).map((volume) => `${volume}:`)
  }
  if (option.long === '--network' && command !== 'build') return await networkNames(context, root)
  if (option.long === '--volumes-from' || option.long === '--link') {
    return await namesFor(context, 'logs', { index: 0, root })
  }
  if (option.long === '--config-from') return await networkNames(context, root)
  return option.choices ?? valuesOf(command, option.long)
}

function argumentAt(declared: readonly Argument[], index: number): Argument | undefined {
  const last = declared.at(-1)
  return declared[index] ?? (last?.isVariadic ? last : undefined)
}
