import { type Absence, absentOfDocker, absentOfPodman } from '../../src/cli/arguments/absent.ts'
import type { Command, Option } from '../../src/cli/arguments/command.ts'
import { StrakeError } from '../../src/oci/index.ts'
import reasons from '../../test/project/docker-missing.json' with { type: 'json' }
import { documentedCommands } from './commands.ts'
import { type Difference, differences } from './differences.ts'
import { type DockerCommand, dockerCommands } from './docker.ts'
import { table } from './markdown.ts'

/** Commands of Docker with one command of strake, which is described once. */
interface Counterpart {
  readonly command: Command
  readonly docker: readonly DockerCommand[]
}

/** Returns the text of `docs/coming-from-docker.md`. */
export async function comingFromDocker(): Promise<string> {
  const all = await dockerCommands()
  const counterparts = pairUp(all)
  const described = counterparts.map((pair) => ({ ...pair, lines: differencesOf(pair) }))
  const same = described.filter(({ lines }) => lines.length === 0)
  const known = new Set(counterparts.map(({ command }) => command.path))
  const own = (await documentedCommands()).filter(({ command }) => !known.has(command.path))
  return [
    '# Coming from Docker',
    '`scripts/docs` writes this page from the table of commands, the commands of Docker 29 and a list of wanted differences; a test fails when it is out of date.',
    "Commands and flags are Docker's, so most scripts work with `alias docker=strake`. Programs that speak to Docker's socket, and the Docker CLI itself, work with `strake system serve`: see [api.md](api.md). [cli.md](cli.md) has every option.",
    '## What is the same',
    sameEverywhere.map((line) => `- ${line}`).join('\n'),
    'These commands have the flags of Docker, and no known difference:',
    same
      .flatMap(({ docker }) => docker.map(({ path }) => `\`${path}\``))
      .join(', ')
      .concat('.'),
    '## What differs everywhere',
    differenceTable(differences.filter(({ commands }) => commands.length === 0)),
    '## Command by command',
    ...described.filter(({ lines }) => lines.length > 0).map(section),
    "## Docker's commands that are missing",
    absenceTable(
      missingCommands(all).map(([name, reason]) => [name, { reason }] as const),
      absentOfDocker,
    ),
    "## Podman's commands that are missing",
    absenceTable([], absentOfPodman),
    '## Commands that only strake has',
    table(
      ['command', ''],
      own.map(({ command }) => [`strake ${command.path}`, `${command.summary}.`] as const),
    ),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n')
}

const sameEverywhere: readonly string[] = [
  'Long forms (`image ls`, `container rm`) and short forms (`images`, `rm`).',
  'Exit codes, also 125, 126 and 127 of `run`, `create` and `exec`.',
  '`--format` with Go templates and `--filter`, over the fields and conditions of Docker.',
  'Credentials: `~/.docker/config.json` and its helpers, so that a `docker login` is valid here too.',
  'Images: strake reads what Docker pushes and saves, and Docker reads what strake pushes and saves.',
  'The whole language of Dockerfiles, `.dockerignore` included.',
]

/** Older names of options, which Docker reads and its help omits. */
const unlisted: Readonly<Record<string, readonly string[]>> = {
  commit: ['--pause'],
  stop: ['--time'],
  'volume create': ['--name'],
}

function pairUp(all: readonly DockerCommand[]): readonly Counterpart[] {
  const pairs = new Map<string, { command: Command; docker: DockerCommand[] }>()
  for (const each of all) {
    if (each.command === undefined) continue
    const pair = pairs.get(each.command.path)
    if (pair === undefined) pairs.set(each.command.path, { command: each.command, docker: [each] })
    else pair.docker.push(each)
  }
  return [...pairs.values()]
}

function section({ command, docker, lines }: Counterpart & { lines: readonly string[] }): string {
  const paths = docker.map(({ path }) => `\`docker ${path}\``).join(', ')
  return [`### strake ${command.path}`, `In Docker: ${paths}.`, ...lines].join('\n\n')
}

/** The paragraphs below the heading of a command. */
function differencesOf(pair: Counterpart): readonly string[] {
  const paths = new Set(pair.docker.map(({ path }) => path))
  const wanted = differences.filter(({ commands }) => commands.some((path) => paths.has(path)))
  const flags = [
    ...pair.docker.flatMap(missingFlags),
    ...refusals(pair.command.options),
    ...onlyHere(pair),
  ]
  return [
    ...(flags.length === 0 ? [] : [flags.map((line) => `- ${line}`).join('\n')]),
    ...(wanted.length === 0 ? [] : [differenceTable(wanted)]),
  ]
}

/** One line for each reason why flags of the command are missing. */
function missingFlags({ path, missing }: DockerCommand): readonly string[] {
  return reasons.flatMap(({ reason, missing: listed }) => {
    const names = missing.filter((name) => listed.includes(`${path} ${name}`))
    if (names.length === 0) return []
    return [
      `Missing in \`${path}\`: ${names.map((name) => `\`${name}\``).join(', ')}. Reason: ${reason}.`,
    ]
  })
}

/** One line for each reason why options are declared only to be refused. */
function refusals(options: readonly Option[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const option of options) {
    const reason = refusal(option)
    if (reason === undefined) continue
    byReason.set(reason, [...(byReason.get(reason) ?? []), `\`${option.long}\``])
  }
  return [...byReason].map(([reason, names]) => `Refused: ${names.join(', ')}. Reason: ${reason}`)
}

function refusal({ hidden, read }: Option): string | undefined {
  if (!hidden || read === undefined) return undefined
  try {
    read('1', undefined as never)
    return undefined
  } catch (error) {
    if (!(error instanceof StrakeError) || error.code !== 'UNSUPPORTED') return undefined
    const reason = error.message.replace(/^Cannot use \S+: /, '')
    return error.remedy === undefined ? `${reason}.` : `${reason}. Instead, ${error.remedy}.`
  }
}

function onlyHere({ command, docker }: Counterpart): readonly string[] {
  const shown = docker.flatMap(({ flags }) => flags.flatMap((flag) => flag.split(' ')))
  const known = new Set([...shown, ...(unlisted[command.path] ?? [])])
  const own = command.options.filter(
    ({ long, short = '', hidden, isNegation }) =>
      !hidden &&
      !known.has(long) &&
      !known.has(short) &&
      !(isNegation && known.has(long.replace('--no-', '--'))),
  )
  if (own.length === 0) return []
  return [`Only in strake: ${own.map(({ long }) => `\`${long}\``).join(', ')}.`]
}

function missingCommands(
  all: readonly DockerCommand[],
): readonly (readonly [path: string, reason: string])[] {
  return all
    .filter(({ command }) => command === undefined)
    .map(({ path }) => {
      const found = reasons.find(({ missing }) => missing.includes(path))
      if (found === undefined) throw new Error(`docker-missing.json has no reason for ${path}`)
      return [path, found.reason] as const
    })
}

/** One row for each reason. */
function absenceTable(
  rows: readonly (readonly [name: string, absence: Absence])[],
  absent: Readonly<Record<string, Absence>>,
): string {
  const groups = Map.groupBy([...rows, ...Object.entries(absent)], ([, { reason }]) => reason)
  return table(
    ['command', 'reason'],
    [...groups].map(([reason, group]) => {
      const names = group.map(([name]) => name).join(', ')
      const remedy = group.find(([, absence]) => absence.remedy !== undefined)?.[1].remedy
      const instead = remedy === undefined ? '' : ` Instead: ${remedy}.`
      return [names, `${sentence(reason)}${instead}`]
    }),
  )
}

function differenceTable(rows: readonly Difference[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  return [
    '| Docker 29 | strake | reason |',
    '|---|---|---|',
    ...rows.map(
      ({ docker, strake, reason }) => `| ${cell(docker)} | ${cell(strake)} | ${cell(reason)} |`,
    ),
  ].join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
