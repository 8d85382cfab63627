import type { Argument, Command, Option } from './command.ts'

type Row = readonly [term: string, description: string]

/** The text of `strake COMMAND --help` for a terminal with this number of columns. */
export function formatCommandHelp(command: Command, columns: number): string {
  const visible = command.options.filter(({ hidden }) => !hidden)
  const hasShortHelp = !visible.some(({ short }) => short === '-h')
  const sections: readonly (readonly [title: string, rows: readonly Row[]])[] = [
    [
      'Arguments',
      command.arguments
        .filter(({ description, choices }) => description !== '' || choices)
        .map(argumentRow),
    ],
    ['Options', [...visible.map(optionRow), [hasShortHelp ? '-h, --help' : '--help', 'show this']]],
    ['Commands', command.commands.map(commandRow)],
  ]
  const width = Math.max(...sections.flatMap(([, rows]) => rows.map(([term]) => term.length)))
  const tables = sections
    .filter(([, rows]) => rows.length > 0)
    .map(
      ([title, rows]) =>
        `\n${title}:\n${rows.map((row) => formatRow(row, width, columns)).join('')}`,
    )
  const notes = command.noteLines.map((line) => `${line}\n`)
  const examples = command.exampleLines.map((line) => `  ${line}\n`)
  const title = examples.length === 1 ? 'Example' : 'Examples'
  return [
    `Usage: strake ${command.path} ${synopsis(command)}\n\n${command.summary}\n`,
    ...tables,
    notes.length === 0 ? '' : `\n${notes.join('')}`,
    examples.length === 0 ? '' : `\n${title}:\n${examples.join('')}`,
  ].join('')
}

/** The words after the name of a command: `[options] <image>`. */
export function synopsis({ run, arguments: declared, commands }: Command): string {
  const words = declared.map(({ name, isRequired, isVariadic }) => {
    const shown = isVariadic ? `${name}...` : name
    return isRequired ? `<${shown}>` : `[${shown}]`
  })
  return [
    '[options]',
    ...words,
    ...(run === undefined && commands.length > 0 ? ['<command>'] : []),
  ].join(' ')
}

function argumentRow({ name, description, choices }: Argument): Row {
  return [name, [description, choices?.join(', ')].filter(Boolean).join(': ')]
}

function optionRow(option: Option): Row {
  return [option.flags, describeOption(option)]
}

/** Describes an option: its purpose, its values and its default. */
export function describeOption(option: Option): string {
  const { description, choices, default: usual, env } = option
  const notes = [
    choices && `one of ${choices.join(', ')}`,
    usual === undefined || typeof usual === 'boolean' ? undefined : `default: ${usual}`,
    env && `or set ${env}`,
  ].filter(Boolean)
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`
}

function commandRow({ name, summary }: Command): Row {
  return [name, summary]
}

/** In a column narrower than this, descriptions are not wrapped. */
const leastRoom = 24

function formatRow([term, description]: Row, width: number, columns: number): string {
  const indent = ' '.repeat(width + 4)
  const lines = wrap(description, Math.max(leastRoom, columns - indent.length))
  return `  ${term.padEnd(width)}  ${lines.join(`\n${indent}`)}`.trimEnd().concat('\n')
}

function wrap(text: string, room: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
