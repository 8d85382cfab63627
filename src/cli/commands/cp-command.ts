import { parseCopyPath } from '#docker/flags/copy-paths'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { liveArea } from '../render/live.ts'
import type { Output } from '../render/output.ts'
import { printable } from '../render/text.ts'
import { formatSize } from '../render/units.ts'

export interface CopyFlags {
  readonly archive?: true
  readonly followLink?: true
  readonly quiet?: boolean
}

export function define(context: Context): Command {
  return new Command('cp')
    .description('Copy files between a container and this machine, or between containers')
    .argument('<source>', 'CONTAINER:PATH, a path of this machine, or - for a tar archive')
    .argument('<target...>', 'more sources, and the target; - writes a tar archive')
    .option('-a, --archive', 'keep owners; in a container: the files belong to its user')
    .option('-L, --follow-link', 'copy the file that a link leads to')
    .option('-q, --quiet', 'show no progress and no result; the default without a terminal')
    .notes(
      'A directory is copied into a target that exists, and with its files to one that does not.',
      'DIRECTORY/. copies the files in a directory. CONTAINER:PATH may be a pattern: web:/etc/*.conf.',
    )
    .examples(
      'strake cp web:/etc/nginx/nginx.conf .',
      'strake cp site/. web:/usr/share/nginx/html',
      "strake cp 'web:/var/log/*.log' logs/",
      'strake cp web:/etc - | tar t',
    )
    .action(async (first: string, rest: readonly string[], options: CopyFlags) => {
      const words = [first, ...rest]
      await copy(context, { sources: words.slice(0, -1), target: words.at(-1) ?? '', options })
    })
}

/** The words of a `cp`. */
export interface CopyWords {
  readonly sources: readonly string[]
  readonly target: string
  readonly options: CopyFlags
  /** What NAME in NAME:PATH names. Default `container`. */
  readonly kind?: 'container' | 'volume' | undefined
}

/** Copies between this machine and containers or volumes. */
export async function copy(
  context: Context,
  { sources, target, options, kind = 'container' }: CopyWords,
): Promise<void> {
  const paths = sources.map((source) => parseCopyPath(source, kind))
  const to = parseCopyPath(target, kind)
  const isInside = [...paths, to].some((one) => one[kind] !== undefined)
  checkRequest({ sources, target, kind }, isInside)
  const { copyFiles, copyFromArchive, copyToArchive } = await import('#engine/copy/copy')
  const progress = renderCopied(context.err, options.quiet ?? !context.out.isTerminal)
  const shared = {
    directory: process.cwd(),
    warn: (message: string) => context.err.write(`WARN: ${printable(message)}\n`),
    copied: progress.copied,
    signal: context.signal,
    followLinks: options.followLink === true,
    archive: options.archive === true,
  }
  try {
    const engine = await context.engine()
    if (sources[0] === '-') await copyFromArchive(engine, { ...shared, target: to })
    else if (target !== '-') await copyFiles(engine, { ...shared, sources: paths, target: to })
    else {
      if (context.out.isTerminal) throw toTerminal()
      return await copyToArchive(engine, { ...shared, sources: paths })
    }
    progress.finish(printable(target))
  } catch (error) {
    progress.abandon()
    throw error
  }
}

function checkRequest(
  { sources, target, kind = 'container' }: Omit<CopyWords, 'options'>,
  isInside: boolean,
): void {
  if (target === '' || sources.includes('')) {
    throw new StrakeError('INVALID', 'Cannot copy: a path is empty')
  }
  const isArchive = sources.includes('-')
  if (isArchive && sources.length > 1) {
    throw new StrakeError('INVALID', 'Cannot copy an archive together with other files')
  }
  if (isInside && !(isArchive && target === '-')) return
  throw new StrakeError('INVALID', `Cannot copy to ${printable(target)}: no path is in a ${kind}`, {
    remedy: `name a ${kind} with ${kind.toUpperCase()}:PATH, or use cp`,
  })
}

function toTerminal(): StrakeError {
  return new StrakeError('INVALID', 'Cannot write an archive to a terminal: it is not text', {
    remedy: 'write to a file or into a pipe',
  })
}

/** Milliseconds before the first drawing, and between two drawings. */
const [patience, pause] = [1000, 100]

/** Shows the bytes of a copy that takes longer than a second, and its end; nothing when `isQuiet`. */
function renderCopied(
  output: Output,
  isQuiet: boolean,
): { copied(bytes: number): void; finish(target: string): void; abandon(): void } {
  const area = liveArea(output)
  const begin = performance.now()
  let [total, last, isDrawn] = [0, 0, false]
  const clear = (): void => {
    if (isDrawn) area.settle([])
  }
  return {
    copied(bytes) {
      total += bytes
      const now = performance.now()
      if (isQuiet || !output.canRedraw || now - begin < patience || now - last < pause) return
      last = now
      isDrawn = true
      area.draw([`Copied ${formatSize(total)}`])
    },
    finish(target) {
      clear()
      if (!isQuiet) output.write(`Successfully copied ${formatSize(total)} to ${target}\n`)
    },
    abandon: clear,
  }
}
