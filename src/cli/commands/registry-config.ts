import { Command } from '../arguments/command.ts'
import { collect, parseAssignments } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { addPlaceOptions, type PlaceFlags, placeOf } from './registry-place.ts'

/** Adds `verify`, `schema` and `why` to `registry`: the configuration without a server. */
export function addRegistryConfig(registry: Command, context: Context): void {
  registry.addCommand(defineVerify(context))
  registry.addCommand(defineSchema(context))
  registry.addCommand(defineWhy(context))
}

function defineVerify(context: Context): Command {
  return new Command('verify')
    .description('Check a configuration file of a registry, and start nothing')
    .argument('<file>')
    .examples('strake registry verify registry.yml')
    .action(async (file: string) => {
      const { ConfigError, formatProblem, readConfig } = await import('#engine/registry/place')
      try {
        await readConfig(file)
        context.out.write(`${file} is valid\n`)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        const lines = error.problems.map((problem) => `${file}, ${formatProblem(problem)}\n`)
        context.err.write(lines.join(''))
        context.exitCode = 1
      }
    })
}

function defineSchema(context: Context): Command {
  return new Command('schema')
    .description('Print the JSON schema of the configuration file of a registry')
    .examples('strake registry schema > registry.schema.json')
    .action(async () => {
      const { configSchema } = await import('#engine/registry/place')
      context.out.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`)
    })
}

interface WhyFlags extends PlaceFlags {
  readonly group?: readonly string[]
  readonly issuer?: string
  readonly claim?: readonly string[]
}

function defineWhy(context: Context): Command {
  const command = new Command('why')
    .description('Show whether a sender may do something, and which rule decides')
    .argument('<user>', 'a user, robot+NAME, or anonymous')
    .argument('<action>', 'pull, push, delete or admin')
    .argument('<repository>')
    .option('--group <name>', 'a group that a directory server names (can be repeated)', collect)
    .option('--issuer <name>', 'asks for a job with a token of this issuer')
    .option('--claim <name=value>', 'a claim of that token (can be repeated)', collect)
    .notes('The exit code is 1 if the answer is no.')
    .examples(
      'strake registry why --config registry.yml alice push team/app',
      'strake registry why --config registry.yml job push acme/app --issuer github --claim repository=acme/app',
    )
    .action(async (sender: string, action: string, repository: string, flags: WhyFlags) => {
      const { group, issuer, claim } = flags
      const { explainAccess } = await import('#engine/registry/why')
      const decision = await explainAccess(placeOf(context, flags), {
        sender,
        action,
        repository,
        groups: group,
        issuer,
        claims: Object.fromEntries(parseAssignments(claim, {})),
      })
      context.out.write(`${decision.isAllowed ? 'yes' : 'no'}: ${decision.reason}\n`)
      if (!decision.isAllowed) context.exitCode = 1
    })
  return addPlaceOptions(command)
}
