import { versionDocument } from '#docker/documents/version'
import { version } from '#engine/host/version'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { openDocumentWriter } from '../format.ts'

/** The names of the image specification. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64' }

export function define(context: Context): Command {
  return new Command('version')
    .description('Show the versions of strake, Bun and the platform')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .examples('strake version --format json')
    .action(async (options: { readonly format?: string }) => {
      const versions = {
        Version: version,
        Bun: process.versions['bun'] ?? 'none',
        Os: process.platform,
        Arch: architectures[process.arch] ?? process.arch,
      }
      const write = await openDocumentWriter(context.out, options.format, {
        kind: 'version',
        name: 'version',
      })
      if (write !== undefined) {
        const { newest, oldest, versionText } = await import('#api/versions')
        const [apiVersion, minApiVersion] = [versionText(newest), versionText(oldest)]
        return write(versionDocument({ ...versions, apiVersion, minApiVersion }))
      }
      for (const [name, value] of Object.entries(versions)) {
        context.out.write(`${`${name}:`.padEnd(10)}${value}\n`)
      }
    })
}
