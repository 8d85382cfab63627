import { StrakeError } from '#oci'
import { TraceExport } from '../observe/trace/trace-export.ts'
import { readNamedLines } from './named-file.ts'
import type { TracesConfig } from './observe-config.ts'

/** Opens the export of spans. Throws `INVALID` for headers that cannot be used. */
export async function openTraceExport(config: TracesConfig): Promise<TraceExport> {
  const { service = 'strake-registry', headersFile } = config
  const url = new URL(config.url)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  const headers = headersFile === undefined ? {} : await readHeaders(headersFile)
  return new TraceExport({ url, headers, service })
}

async function readHeaders(path: string): Promise<Readonly<Record<string, string>>> {
  const lines = await readNamedLines(path)
  return Object.fromEntries(
    lines.map((line) => {
      const match = /^([A-Za-z0-9-]+):[ \t]*([\x20-\x7e]*)$/.exec(line)
      if (match !== null) return [match[1], match[2]]
      throw new StrakeError('INVALID', `Cannot use ${path}: a line is no header`, {
        remedy: 'write lines such as Authorization: Bearer TOKEN',
      })
    }),
  )
}
