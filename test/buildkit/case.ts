import { chmod, cp, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from '../e2e/strake.ts'
import { fixtures } from './bases.ts'

/** One Dockerfile of the collection, with the comments at its top that say how it is built. */
export interface Case {
  readonly name: string
  readonly text: string
  /** The directory of `projects/` whose files are the context. */
  readonly project: string
  /** A shell command that runs in the copy of the context, for files that git cannot keep. */
  readonly prepare: string | undefined
  /** `--build-arg`, `--target` and other options whose names both builders share. */
  readonly options: BuildSettings
}

export interface BuildSettings {
  readonly arguments: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly target?: string
  readonly secrets: Readonly<Record<string, string>>
  /** Named contexts: a project or, after `image:`, a base image. */
  readonly contexts: Readonly<Record<string, string>>
  readonly noCache?: boolean
}

/** A case with its files in a directory. */
export interface PreparedCase extends Case {
  /** Holds the context, a folder for each named context, and secrets. */
  readonly directory: string
  readonly context: string
}

const suffix = '.Dockerfile'

export async function caseNames(): Promise<readonly string[]> {
  const names = await readdir(fixtures)
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort()
}

/**
 * Reads a Dockerfile of the collection. Comments at its top say how it is built, each on one line:
 *
 *     # project: node
 *     # arg: VERSION=2            label:, secret: and context: have the same form
 *     # target: test
 *     # prepare: ln main.js other.js
 */
export async function readCase(name: string): Promise<Case> {
  const text = await readFile(join(fixtures, `${name}${suffix}`), 'utf8')
  const notes = [...text.matchAll(/^# (project|arg|label|secret|context|target|prepare): (.*)$/gm)]
  const values = (key: string): string[] =>
    notes.filter((note) => note[1] === key).map((note) => note[2] ?? '')
  const pairs = (key: string): Record<string, string> =>
    Object.fromEntries(values(key).map((value) => splitAt(value, '=')))
  const target = values('target')[0]
  const prepare = values('prepare')
  return {
    name,
    text,
    project: values('project')[0] ?? 'empty',
    prepare: prepare.length === 0 ? undefined : prepare.join('\n'),
    options: {
      arguments: pairs('arg'),
      labels: pairs('label'),
      secrets: pairs('secret'),
      contexts: pairs('context'),
      ...(target === undefined ? {} : { target }),
    },
  }
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Copies the files of a case into an empty directory. */
export async function prepareCase(each: Case, directory: string): Promise<PreparedCase> {
  const context = join(directory, 'context')
  await copyProject(each.project, context)
  await writeFile(join(context, 'Dockerfile'), each.text)
  if (each.prepare !== undefined) {
    const done = await command(['sh', '-euc', `umask 022\n${each.prepare}`], { cwd: context })
    if (done.exitCode !== 0) throw new Error(`${each.name}: ${done.stderr}`)
  }
  await mkdir(join(directory, 'secrets'))
  for (const [id, value] of Object.entries(each.options.secrets)) {
    await writeFile(join(directory, 'secrets', id), value)
  }
  for (const [name, source] of Object.entries(each.options.contexts)) {
    if (!source.startsWith('image:')) await copyProject(source, join(directory, `named-${name}`))
  }
  return { ...each, directory, context }
}

/** Copies files with fixed modes: those of a git working copy depend on the umask of its user. */
async function copyProject(project: string, target: string): Promise<void> {
  if (project === 'empty') {
    await mkdir(target)
    return
  }
  await cp(join(fixtures, 'projects', project), target, { recursive: true, verbatimSymlinks: true })
  for (const name of ['', ...(await readdir(target, { recursive: true }))]) {
    const path = join(target, name)
    const status = await lstat(path)
    if (status.isSymbolicLink()) continue
    await chmod(path, status.isDirectory() || (status.mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}
