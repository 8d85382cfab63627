import { parseBuildContexts } from '#docker/build/contexts'
import { parsePlatforms } from '#docker/build/request'
import { parseAgent, parseSecret } from '#docker/build/secrets'
import { updateLock } from '#engine/reproduce/update-lock'
import { Command } from '../arguments/command.ts'
import { collect, parseAssignments } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatLockChanges } from '../render/build/lock-changes.ts'
import { buildRenderer } from '../render/build-renderer.ts'

interface Options {
  readonly buildArg?: readonly string[]
  readonly buildContext?: readonly string[]
  readonly dryRun?: true
  readonly file?: string
  readonly lockFile?: string
  readonly offline?: true
  readonly platform?: readonly string[]
  readonly progress: 'auto' | 'tty' | 'plain' | 'quiet'
  readonly secret?: readonly string[]
  readonly ssh?: readonly string[]
  readonly target?: string
  readonly why?: true
}

export function define(context: Context): Command {
  const command = new Command('lock').description('Update the lock file of a build')
  command
    .command('update')
    .description('Write the present versions of all sources of a Dockerfile, and show what changed')
    .argument('[context]', 'the directory of the build; default: this directory')
    .option('-f, --file <path>', 'the Dockerfile')
    .option('--lock-file <file>', 'the lock file, instead of build.lock of the context')
    .option('--why', 'show the instructions that use what changed')
    .option('--dry-run', 'show the changes and write nothing')
    .option('--offline', 'the versions of images in the store; ask no other machine')
    .option('--target <stage>', 'only what this stage needs; default: what all stages need')
    .option('--platform <platforms>', 'os/architecture of the images', collect)
    .option('--build-arg <name[=value]>', 'a value for an ARG', collect)
    .option('--build-context <name=source>', 'replaces a stage or image', collect)
    .option('--secret <spec>', 'a secret for git: id=NAME,src=FILE', collect)
    .option('--ssh <agent>', 'an SSH agent for git: default, ID=SOCKET or ID=KEY', collect)
    .option('--progress <kind>', 'how to show progress', {
      choices: ['auto', 'tty', 'plain', 'quiet'],
      default: 'quiet',
    })
    .examples('strake lock update --why')
    .action(async (directory: string | undefined, options: Options) => {
      const renderer = buildRenderer(context, options.progress)
      const engine = await context.engine()
      const { file, changes } = await updateLock(engine, {
        context: directory ?? '.',
        dockerfile: options.file,
        target: options.target,
        lock: { file: options.lockFile, mode: 'write' },
        offline: options.offline === true,
        dryRun: options.dryRun === true,
        platforms: parsePlatforms(options.platform ?? []),
        buildArgs: parseAssignments(options.buildArg, process.env),
        contexts: parseBuildContexts(options.buildContext ?? []),
        secrets: (options.secret ?? []).map(parseSecret),
        agents: (options.ssh ?? []).map(parseAgent),
        emit: renderer.emit,
        signal: context.signal,
      }).finally(() => renderer.finish())
      context.out.write(formatLockChanges(file, changes, options.why === true))
    })
  return command
}
