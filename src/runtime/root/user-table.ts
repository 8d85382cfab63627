import { StrakeError } from '#oci'
import { openFile, openFlag, readFile, treeCalls } from '#platform'
import { type ContainerView, isRegularFile, type Place } from './container-view.ts'

/** The fields of the lines of a colon-separated file. */
export type Table = readonly (readonly string[])[]

const paths = ['/etc/passwd', '/etc/group'] as const

const mostBytes = 10 * 1024 * 1024

/**
 * Reads a passwd or group file of a container; a container without it has no lines. The file comes
 * from the image or a running program, so it must be a regular file of at most 10 MiB, and links
 * are followed only inside the container. Throws `INVALID`.
 */
export function readUserTable(view: ContainerView, path: (typeof paths)[number]): Table {
  const place = findTable(view, path)
  if (place?.fd === undefined) return []
  return readText(place.fd)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
}

/**
 * Throws `INVALID` when the passwd or group file is a special file or is too large. The runtime
 * reads both whenever it starts a process, and would wait for ever for the writer of a pipe.
 */
export function checkUserTables(view: ContainerView): void {
  for (const path of paths) findTable(view, path)
}

function findTable(view: ContainerView, path: string): Place | undefined {
  const place = view.find(path)
  if (place?.status === undefined) return undefined
  if (!isRegularFile(place)) throw refused(path, 'it is not a regular file')
  if (place.status.size > mostBytes) throw refused(path, 'it is larger than 10 MiB')
  return place
}

/**
 * The descriptor refers to the same file. Reading stops at the limit, because a program may keep
 * writing to it.
 */
function readText(place: number): string {
  const fd = openFile(`/proc/self/fd/${place}`, openFlag.readOnly | openFlag.nonBlocking)
  try {
    const chunks: Buffer[] = []
    for (let size = 0; size <= mostBytes; ) {
      const chunk = Buffer.alloc(65_536)
      const count = readFile(fd, chunk)
      if (count === 0) break
      chunks.push(chunk.subarray(0, count))
      size += count
    }
    return Buffer.concat(chunks).toString()
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

function refused(path: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path} of the container: ${reason}`)
}
