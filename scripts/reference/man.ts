import type { Command } from '../../src/cli/arguments/command.ts'
import { describeOption, synopsis } from '../../src/cli/arguments/command-help.ts'
import { version } from '../../src/engine/host/version.ts'
import {
  commandGroups,
  documentedCommands,
  environment,
  exitCodes,
  globalOptions,
  summary,
} from './commands.ts'

/** The day of the release, which manual pages show. */
const releaseDate = '2026-11-29'

/** Returns every manual page of section 1, by its file name. */
export async function manualPages(): Promise<ReadonlyMap<string, string>> {
  const all = await documentedCommands()
  const pages = new Map([['strake.1', overview(all.map(({ command }) => command))]])
  const described = [...all.map(({ command }) => command), ...(await commandGroups())]
  for (const command of described) pages.set(`${pageName(command)}.1`, commandPage(command))
  return pages
}

function pageName({ path }: Command): string {
  return `strake-${path.replaceAll(' ', '-')}`
}

function overview(commands: readonly Command[]): string {
  return page('strake', summary, [
    ['SYNOPSIS', '\\fBstrake\\fR [options] \\fIcommand\\fR'],
    ['OPTIONS', terms(globalOptions)],
    [
      'COMMANDS',
      terms(commands.map((command) => [`${pageName(command)}(1)`, command.summary] as const)),
    ],
    ['ENVIRONMENT', terms(environment)],
    ['EXIT STATUS', terms(exitCodes)],
  ])
}

function commandPage(command: Command): string {
  const { path, summary, noteLines, exampleLines } = command
  const declared = command.arguments.filter(({ description }) => description !== '')
  const options = command.options.filter(({ hidden }) => !hidden)
  return page(pageName(command), summary, [
    ['SYNOPSIS', `\\fBstrake ${roff(path)}\\fR ${roff(synopsis(command))}`],
    ['DESCRIPTION', [`${summary}.`, ...paragraph(noteLines)].map(roff).join('\n.PP\n')],
    ['ARGUMENTS', terms(declared.map(({ name, description }) => [name, description] as const))],
    ['OPTIONS', terms(options.map((option) => [option.flags, describeOption(option)] as const))],
    ['COMMANDS', terms(command.commands.map(child))],
    ['EXAMPLES', exampleLines.length === 0 ? '' : `.nf\n${exampleLines.map(roff).join('\n')}\n.fi`],
    ['SEE ALSO', '\\fBstrake\\fR(1)'],
  ])
}

/** The lines of notes are one text, broken for the help of a terminal. */
function paragraph(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [lines.join('\n')]
}

/** A subcommand with its page; a long form, such as `image ls`, has none. */
function child(command: Command): readonly [term: string, meaning: string] {
  const isLongForm = command.run === undefined && command.commands.length === 0
  return [isLongForm ? command.name : `${pageName(command)}(1)`, command.summary]
}

function page(
  name: string,
  summary: string,
  sections: readonly (readonly [title: string, text: string])[],
): string {
  const head = `.TH ${name.toUpperCase()} 1 ${releaseDate} "strake ${version}" "strake manual"`
  const body = sections
    .filter(([, text]) => text !== '')
    .map(([title, text]) => `.SH ${title}\n${text}`)
  const line = summary.charAt(0).toLowerCase() + summary.slice(1)
  return [head, `.SH NAME\n${roff(name)} \\- ${roff(line)}`, ...body, ''].join('\n')
}

function terms(rows: readonly (readonly [term: string, meaning: string])[]): string {
  return rows.map(([term, meaning]) => `.TP\n\\fB${roff(term)}\\fR\n${roff(meaning)}`).join('\n')
}

/** Characters that troff prints as others, so that a copied command would not work. */
const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
}

/** Escapes text for troff, which reads a dot at the start of a line as a request. */
function roff(text: string): string {
  return text
    .replaceAll(/[\\'`^~-]/g, (character) => special[character] ?? character)
    .replaceAll(/^(?=\.)/gm, '\\&')
}
