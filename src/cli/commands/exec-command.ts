import { execInContainer } from '#engine/container/exec'
import { Command } from '../arguments/command.ts'
import { readEnvironment } from '../arguments/environment.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { endWith } from '../detach.ts'

interface Options {
  readonly detach?: true
  readonly detachKeys?: string
  readonly env?: readonly string[]
  readonly envFile?: readonly string[]
  readonly interactive?: true
  readonly privileged?: true
  readonly tty?: true
  readonly user?: string
  readonly workdir?: string
}

export function define(context: Context): Command {
  return new Command('exec')
    .description('Run a command in a running container')
    .argument('<container>')
    .argument('<command>')
    .argument('[args...]')
    .passThroughOptions()
    .option('-d, --detach', 'return as soon as the command runs')
    .option('--detach-keys <keys>', 'keys that leave the process running; default: ctrl-p,ctrl-q')
    .option('-e, --env <name[=value]>', 'set an environment variable', collect)
    .option('--env-file <file>', 'read environment variables from a file', collect)
    .option('-i, --interactive', 'keep the input open')
    .option('--privileged', 'give the command all capabilities')
    .option('-t, --tty', 'give the command a terminal')
    .option('-u, --user <user[:group]>', 'user that the command runs as')
    .option('-w, --workdir <directory>', 'working directory')
    .examples('strake exec -it web sh')
    .action(async (name: string, program: string, args: readonly string[], options: Options) => {
      const end = await execInContainer(await context.engine(), name, {
        command: [program, ...args],
        env: await readEnvironment(options.env, options.envFile),
        detach: options.detach === true,
        interactive: options.interactive === true,
        tty: options.tty === true,
        privileged: options.privileged === true,
        user: options.user,
        workingDir: options.workdir,
        detachKeys: options.detachKeys,
        onSignals: context.leaveSignals,
        signal: context.signal,
      })
      endWith(context, end)
      // As in Docker: the exit code of the process is unknown.
      if (end.detached) context.exitCode = 1
    })
}
