import type { Command } from '../../src/cli/arguments/command.ts'
import { describeOption, synopsis } from '../../src/cli/arguments/command-help.ts'
import {
  type DocumentedCommand,
  documentedCommands,
  environment,
  exitCodes,
  globalOptions,
  summary,
} from './commands.ts'

const groups = {
  images: 'Images',
  containers: 'Containers',
  registries: 'Registries',
  system: 'System',
} as const

/** Returns the text of `docs/cli.md`. */
export async function markdownReference(): Promise<string> {
  const all = await documentedCommands()
  const sections = Object.entries(groups).flatMap(([group, title]) => [
    `## ${title}`,
    ...all.filter((each) => each.group === group).map(section),
  ])
  return [
    '# Command line',
    '`scripts/docs` writes this page from the table of commands; a test fails when it is out of date.',
    `**strake** \`[options] <command>\`: ${summary.toLowerCase()}. Docker's long forms (\`image ls\`, \`container rm\`) work too.`,
    table(['option', ''], globalOptions),
    '## Environment',
    table(['variable', ''], environment),
    '## Exit codes',
    table(['code', ''], exitCodes),
    ...sections,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

function section({ command }: DocumentedCommand): string {
  const { path, summary, noteLines, exampleLines } = command
  const options = command.options.filter(({ hidden }) => !hidden)
  return [
    `### strake ${path}`,
    `${summary}.`,
    `\`strake ${path} ${synopsis(command)}\``,
    ...argumentTable(command),
    ...(options.length === 0
      ? []
      : [
          table(
            ['option', ''],
            options.map((option) => [option.flags, describeOption(option)]),
          ),
        ]),
    ...(noteLines.length === 0 ? [] : [noteLines.join('\n')]),
    ...(exampleLines.length === 0 ? [] : [`\`\`\`\n${exampleLines.join('\n')}\n\`\`\``]),
  ].join('\n\n')
}

function argumentTable({ arguments: declared }: Command): readonly string[] {
  const rows = declared
    .filter(({ description, choices }) => description !== '' || choices !== undefined)
    .map(({ name, description, choices }) => {
      return [name, [description, choices?.join(', ')].filter(Boolean).join(': ')] as const
    })
  return rows.length === 0 ? [] : [table(['argument', ''], rows)]
}

/** A table of two columns, whose first column is code. */
export function table(
  titles: readonly [string, string],
  rows: readonly (readonly [term: string, meaning: string])[],
): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return [
    `| ${titles.join(' | ')} |`,
    '|---|---|',
    ...rows.map(([term, meaning]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(meaning)} |`),
  ].join('\n')
}
