import { checkStoredRegistry } from '#engine/registry/care/check-stored'
import type { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatSize } from '../render/units.ts'

interface Options {
  readonly config?: string
  readonly storage?: string
  readonly repair?: true
  readonly from?: readonly string[]
  readonly format?: 'text' | 'json'
}

type Fault =
  ReturnType<typeof checkStoredRegistry> extends AsyncGenerator<infer Yielded> ? Yielded : never

/** Adds `registry check`. */
export function defineCheck(command: Command, context: Context): void {
  command
    .command('check')
    .description('Prove every manifest, blob and tag of a registry, also while a server runs')
    .option('--config <file>', 'the configuration of the registry, also of one in a bucket', {
      empty: 'refused',
    })
    .option('--storage <directory>', 'where repositories are stored; default: in the store', {
      empty: 'refused',
    })
    .option('--repair', 'set damaged content aside, and get it again from other registries')
    .option('--from <registry>', 'a registry with the same content (can be repeated)', collect)
    .option('--format <format>', 'text, or json for a line of JSON per fault and one at the end', {
      choices: ['text', 'json'],
      default: 'text',
    })
    .examples(
      'strake registry check --storage ./data',
      'strake registry check --config registry.yml',
      'strake registry check --storage ./data --repair --from https://replica.example.com',
    )
    .action(async ({ format, ...options }: Options) => {
      const { out, err, signal } = context
      const failures = new Set<string>()
      const onFailure = ({ message }: Error): void => {
        if (!failures.has(message)) err.write(`WARN: ${message}\n`)
        failures.add(message)
      }
      const asked = { ...options, onFailure, signal }
      const faults = checkStoredRegistry(await context.engine(), asked)
      const print = (fact: object, text: string): void => {
        out.write(`${format === 'json' ? JSON.stringify(fact) : text}\n`)
      }
      let [found, left] = [0, 0]
      let next = await faults.next()
      for (; next.done !== true; next = await faults.next()) {
        found += 1
        if (!next.value.isRepaired) left += 1
        print(next.value, describeFault(next.value))
      }
      const { repositories, manifests, blobs, tags, bytes } = next.value
      const seen = `${repositories} repositories, ${manifests} manifests, ${blobs} blobs, ${tags} tags`
      const faultText = `${found} faults, ${found - left} repaired`
      print(
        { ...next.value, faults: found, repaired: found - left },
        `Proved ${seen} and ${formatSize(bytes)}: ${faultText}`,
      )
      if (left > 0) context.exitCode = 1
    })
}

function describeFault(fault: Fault): string {
  const { repository, kind, digest, tag, problem, missing, isRepaired } = fault
  const subject = tag === undefined ? `${kind} ${repository}@${digest}` : `tag ${repository}:${tag}`
  const reasons: Readonly<Record<Fault['problem'], string>> = {
    absent: 'its content is missing',
    damaged: 'its bytes are damaged',
    invalid: 'it cannot be read as a manifest',
    incomplete: `the repository does not hold ${missing ?? digest}`,
    mismatch: 'its record has another subject than the manifest',
  }
  return `${isRepaired ? 'Repaired' : 'Faulty'} ${subject}: ${reasons[problem]}`
}
