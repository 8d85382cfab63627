import { parsePruneFilters } from '#docker/filters/prune-filters'
import type { ContainerOutcome } from '#engine/boot/start-all'
import type { CheckFinding } from '#engine/store/check-finding'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { addLongForms } from '../arguments/long-forms.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { defineDiskUsage } from '../disk-usage.ts'
import { openDocumentWriter } from '../format.ts'
import { confirmed, printPruned } from '../prune.ts'
import { renderError } from '../render/error.ts'
import { defineDial } from './system-dial.ts'
import { defineServe } from './system-serve.ts'

export function define(context: Context): Command {
  const command = new Command('system').description('The store as a whole')
  addLongForms(command)
  command.addCommand(defineDiskUsage(context))
  command.addCommand(definePrune(context))
  command.addCommand(defineCheck(context))
  command.addCommand(defineServe(context))
  command.addCommand(defineDial(context))
  command
    .command('cleanup')
    .description('Clean up after a crash or reboot: mounts, namespaces, states of containers')
    .examples('strake system cleanup')
    .action(async () => {
      const { cleanUp } = await import('#engine/store/cleanup')
      const lines = await cleanUp(await context.engine())
      context.out.write(lines.map((line) => `${line}\n`).join(''))
    })
  defineBoot(context, command)
  command
    .command('reset')
    .description('Remove every container, image, volume and cache, and the store itself')
    .option('-f, --force', 'do not ask')
    .examples('strake --root /tmp/try system reset')
    .action(async (options: { readonly force?: true }) => {
      const engine = await context.engine()
      const question = `This removes every container, image, volume and cache in ${engine.root}. Continue?`
      if (!(await confirmed(context, question, options.force === true))) return
      const { resetStore } = await import('#engine/store/reset')
      await resetStore(engine)
    })
  return command
}

/** The commands that the unit `strake.service` runs when the machine starts and goes down. */
function defineBoot(context: Context, command: Command): void {
  const onOutcome = ({ name, error }: ContainerOutcome): void => {
    if (error === undefined) context.out.write(`${name}\n`)
    else {
      renderError(context.err, error, context.debug)
      context.exitCode = 1
    }
  }
  command
    .command('start-all')
    .description('Clean up after a reboot, and start containers by their restart policies')
    .notes(
      'Starts what --restart names: always, unless-stopped if no user has stopped it, and',
      'on-failure if it ended with an error. The unit strake.service does so at every boot:',
      'systemctl enable --now strake',
    )
    .examples('strake system start-all')
    .action(async () => {
      const options = { onOutcome, signal: context.signal }
      const { startAll } = await import('#engine/boot/start-all')
      const lines = await startAll(await context.engine(), options)
      context.err.write(lines.map((line) => `${line}\n`).join(''))
    })
  command
    .command('stop-all')
    .description('Stop all containers; start-all starts them again')
    .examples('strake system stop-all')
    .action(async () => {
      const { stopAll } = await import('#engine/boot/start-all')
      await stopAll(await context.engine(), { onOutcome, signal: context.signal })
    })
}

interface PruneOptions {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly force?: true
  readonly volumes?: true
}

function definePrune(context: Context): Command {
  return new Command('prune')
    .description(
      'Remove stopped containers, unused networks, images without a name, the build cache and compressed copies of layers',
    )
    .option('-a, --all', 'every image that no container uses')
    .option('-f, --force', 'do not ask')
    .option('--filter <condition>', 'until=AGE, label=KEY[=VALUE]', collect)
    .option('--volumes', 'volumes without a name that no container uses as well')
    .notes(
      'The store may hold a layer twice: as an archive and compressed. prune removes the',
      'compressed copy if strake can reproduce it byte for byte and a registry is known to',
      'have it. STRAKE_KEEP_COMPRESSED=always keeps every copy; never also removes copies',
      'that strake cannot reproduce.',
    )
    .examples('strake system prune')
    .action(async (options: PruneOptions) => {
      const filter = parsePruneFilters(options.filter ?? [])
      if (options.volumes && filter.until !== undefined) throw refuseAge()
      const images = options.all ? 'every image that no container uses' : 'images without a name'
      const volumes = options.volumes ? ', volumes without a name' : ''
      const question = `This removes stopped containers${volumes}, unused networks, ${images} and the build cache. Continue?`
      if (!(await confirmed(context, question, options.force === true))) return
      const { pruneSystem } = await import('#engine/store/prune')
      const pruned = await pruneSystem(await context.engine(), {
        all: options.all === true,
        filter,
        volumes: options.volumes,
      })
      printPruned(context, pruned)
    })
}

/** As in Docker: a volume has no time of its last use. */
function refuseAge(): StrakeError {
  return new StrakeError(
    'INVALID',
    'Cannot use --volumes with --filter until: The "until" filter is not supported with "--volumes"',
    { remedy: 'remove the volumes with a command of their own: strake volume prune' },
  )
}

const marks = { damaged: 'FAIL', lost: 'LOST', healed: 'ok', leftover: 'warn' } as const

function defineCheck(context: Context): Command {
  return new Command('check')
    .description('Read the whole store and report damage')
    .option('--repair', 'rebuild or fetch damaged content')
    .option('--format <format>', 'json for one line per finding, or a Go template')
    .examples('strake system check --repair')
    .action(async (options: { readonly repair?: true; readonly format?: string }) => {
      const write = await openDocumentWriter(context.out, options.format)
      const repair = options.repair === true
      let count = 0
      const { checkStore } = await import('#engine/store/check')
      for await (const finding of checkStore(await context.engine(), {
        repair,
        signal: context.signal,
      })) {
        count++
        if (finding.state === 'damaged' || finding.state === 'lost') context.exitCode = 1
        if (write !== undefined) write(finding)
        else context.out.write(`${describeFinding(finding)}\n`)
      }
      if (count === 0 && write === undefined) context.out.write('ok    no damage\n')
      if (context.exitCode !== 0 && !repair)
        context.err.write('try: strake system check --repair\n')
    })
}

function describeFinding({ state, subject, problem, action }: CheckFinding): string {
  return `${marks[state].padEnd(5)} ${subject}: ${problem}${action === undefined ? '' : `; ${action}`}`
}
