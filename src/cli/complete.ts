import type { Command } from './arguments/command.ts'
import { shorten } from './arguments/long-forms.ts'
import type { Context } from './context.ts'
import { commands } from './table.ts'

const wantsImage = new Set([
  'run',
  'create',
  'push',
  'rmi',
  'tag',
  'history',
  'diff',
  'save',
  'inspect',
  'images',
])
const wantsContainer = new Set(
  'exec logs attach stop kill wait rm start restart pause unpause export diff inspect'.split(' '),
)

/**
 * Prints what may follow, one word a line, for the completion scripts. The last
 * of `words` is the one being typed. Completion never fails loudly.
 */
export async function complete(context: Context, words: readonly string[]): Promise<void> {
  const typed = words.at(-1) ?? ''
  const candidates = await candidatesFor(context, words).catch(() => [])
  const matching = [...new Set(candidates)].filter((word) => word.startsWith(typed)).sort()
  context.out.write(matching.map((word) => `${word}\n`).join(''))
}

async function candidatesFor(
  context: Context,
  words: readonly string[],
): Promise<readonly string[]> {
  if (words.length <= 1) return Object.keys(commands)
  const [name, ...rest] = shorten(words)
  const entry = name === undefined ? undefined : commands[name]
  if (name === undefined || entry === undefined) return []
  const command = (await entry.load()).define(context)
  const typed = rest.at(-1) ?? ''
  if (typed.startsWith('-')) return longOptions(command)
  const children = command.commands.map((child) => child.name)
  return [...(rest.length === 1 ? children : []), ...(await names(context, name))]
}

function longOptions(command: Command): readonly string[] {
  return command.options.flatMap(({ long, hidden }) => (hidden ? [] : [long]))
}

async function names(context: Context, command: string): Promise<readonly string[]> {
  const found: string[] = []
  if (wantsImage.has(command)) {
    const { listImages } = await import('#engine/image/images')
    const images = await listImages(await context.engine(), { all: false })
    found.push(...images.map(({ repository, tag }) => `${repository}:${tag}`))
  }
  if (wantsContainer.has(command)) {
    const { listContainers } = await import('#engine/container/ps')
    const containers = await listContainers(await context.engine(), { all: true })
    found.push(...containers.map(({ name }) => name))
  }
  return found
}
