import {
  closeFile,
  isSystemError,
  openFlag,
  openPlainFile,
  removeFile,
  renamePath,
  treeCalls,
  writeWhole,
} from '#platform'

/** A log file. It grows by whole records and is renamed when it is full. */
export interface LogFile {
  /**
   * Appends whole records, whose memory the caller uses again. If the system refuses, throws its error and leaves the file
   * as it was.
   */
  append(records: Uint8Array): void
  close(): void
}

export interface LogFileOptions {
  /** Bytes after which the file becomes `path.1`. */
  readonly maxSize: number
  /** Number of files that are kept, including the current one. */
  readonly maxFile: number
}

export function openLogFile(path: string, { maxSize, maxFile }: LogFileOptions): LogFile {
  let fd = open(path)
  let size = sizeOf(fd)
  return {
    append(records) {
      if (size >= maxSize) {
        rotate(path, maxFile)
        const next = open(path)
        closeFile(fd)
        fd = next
        size = sizeOf(fd)
      }
      try {
        writeWhole(fd, records, path)
      } catch (error) {
        // Half a record would make the next record unreadable too.
        treeCalls.setSize(fd, size)
        throw error
      }
      size += records.length
    },
    close: () => closeFile(fd),
  }
}

function sizeOf(fd: number): number {
  return treeCalls.entryStatus(fd)?.size ?? 0
}

function open(path: string): number {
  return openPlainFile(path, openFlag.append | openFlag.create | openFlag.writeOnly, 0o600)
}

/** Renames the file to `path.1`, `path.1` to `path.2` and so on. */
function rotate(path: string, maxFile: number): void {
  if (maxFile <= 1) {
    removeFile(path)
    return
  }
  for (let index = maxFile - 1; index > 0; index--) {
    try {
      renamePath(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`)
    } catch (error) {
      // There are fewer files so far.
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }
}
