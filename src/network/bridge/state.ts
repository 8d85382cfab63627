import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPlainFile } from '#platform'
import type { PublishedPort } from '../port.ts'

/** A name by which one container finds another on a network. */
export interface NetworkLink {
  readonly alias: string
  /** The ID of the other container. */
  readonly container: string
}

/** The record of a container on the bridge: enough to restore its link, and to remove it. */
export interface AttachmentRecord {
  readonly containerId: string
  readonly name: string
  /** Absent on a network without IPv4. */
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  /** The network's name. */
  readonly network: string
  /** The network has no route outside. */
  readonly isInternal: boolean
  /** Further names that other containers of the network find it by. */
  readonly aliases: readonly string[]
  /** Names that only this container knows. */
  readonly links: readonly NetworkLink[]
  /** The host's end of its pair of interfaces. */
  readonly veth: string
  readonly ports: readonly PublishedPort[]
  /** The interface in the container, where the host has no end of it. */
  readonly device?: string | undefined
  /** A process passes all ports on, and the kernel translates none. */
  readonly proxiesPorts?: boolean | undefined
}

/**
 * The attachments of one network, one file each, under `$STRAKE_RUN`. A reboot ends the attachments
 * and removes the files.
 */
export interface AttachmentRecords {
  put(record: AttachmentRecord): void
  get(containerId: string): AttachmentRecord | undefined
  list(): readonly AttachmentRecord[]
  remove(containerId: string): void
  /**
   * Marks the record as being removed and returns its file, which the caller deletes after the
   * ports were removed.
   */
  bury(containerId: string): string
  /** The records whose ports are being removed. `age` is in milliseconds. */
  listBuried(): readonly { readonly file: string; readonly record: AttachmentRecord }[]
  /** Removes the temporary files of processes that have ended. */
  dropUnfinished(): void
}

const LIVE = '.json'
const BURIED = '.gone'

export function openAttachmentRecords(directory: string): AttachmentRecords {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pathOf = (containerId: string) => join(directory, `${containerId}${LIVE}`)
  const listFiles = (ending: string) => readFiles(directory, ending)
  return {
    put(record) {
      const path = pathOf(record.containerId)
      const temporary = `${path}.${process.pid}.tmp`
      writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 })
      renameSync(temporary, path)
    },
    get: (containerId) => readRecord(pathOf(containerId)),
    list: () => listFiles(LIVE).map(({ record }) => record),
    remove: (containerId) => rmSync(pathOf(containerId), { force: true }),
    bury(containerId) {
      const grave = join(directory, `${containerId}.${randomHex(4)}${BURIED}`)
      renameSync(pathOf(containerId), grave)
      return grave
    },
    listBuried: () => listFiles(BURIED),
    dropUnfinished() {
      for (const name of readdirSync(directory)) {
        const [, pid] = /\.(\d+)\.tmp$/.exec(name) ?? []
        if (pid === undefined || existsSync(`/proc/${pid}`)) continue
        rmSync(join(directory, name), { force: true })
      }
    },
  }
}

/** Returns the attachments whose files are in a directory. */
export function readAttachments(directory: string): readonly AttachmentRecord[] {
  return readFiles(directory, LIVE).map(({ record }) => record)
}

function readFiles(
  directory: string,
  ending: string,
): readonly { readonly file: string; readonly record: AttachmentRecord }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .flatMap((name) => {
      const file = join(directory, name)
      const record = readRecord(file)
      return record === undefined ? [] : [{ file, record }]
    })
}

/** Hexadecimal digits for `bytes` random bytes. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
}

function readRecord(file: string): AttachmentRecord | undefined {
  try {
    return parseRecord(JSON.parse(readPlainFile(file) ?? ''))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function parseRecord(value: unknown): AttachmentRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Partial<AttachmentRecord>
  const { containerId, name, ip, ip6, network, isInternal, aliases, links, veth, ports } = record
  if (typeof containerId !== 'string' || !isText(ip) || !isText(ip6)) return undefined
  if (typeof veth !== 'string' || !Array.isArray(ports)) return undefined
  const proxiesPorts = record.proxiesPorts === true ? true : undefined
  const device = typeof record.device === 'string' ? record.device : undefined
  const others = Array.isArray(aliases) ? aliases.map(String) : []
  return {
    ...{ containerId, name: String(name ?? ''), ip, ip6, network: String(network ?? '') },
    ...{ isInternal: isInternal === true, aliases: others, veth, ports, proxiesPorts, device },
    links: Array.isArray(links) ? links.flatMap(parseLink) : [],
  }
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function parseLink(value: unknown): readonly NetworkLink[] {
  const { alias, container }: Partial<Record<string, unknown>> = { ...(value as object | null) }
  if (typeof alias !== 'string' || typeof container !== 'string') return []
  return [{ alias, container }]
}
