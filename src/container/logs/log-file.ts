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
  /** Resolves when earlier records are written, or after a while if the system does not take them. */
  written(): Promise<void>
  close(): void
}

export interface LogFileOptions {
  /** Bytes after which the file becomes `path.1`. */
  readonly maxSize: number
  /** Number of files that are kept, including the current one. */
  readonly maxFile: number
}

export function openLogFile(path: string, options: LogFileOptions): LogFile {
  const file = new RotatedFile(path, options)
  return {
    append: (records) => file.append(records.length, (fd) => writeWhole(fd, records, path)),
    written: async () => {},
    close: () => file.close(),
  }
}

/** A file that is set aside when it is full. */
export class RotatedFile {
  readonly #path: string
  readonly #options: LogFileOptions
  #fd: number
  #size: number

  constructor(path: string, options: LogFileOptions) {
    this.#path = path
    this.#options = options
    this.#fd = open(path)
    this.#size = sizeOf(this.#fd)
  }

  /** Calls `write`, which appends so many bytes to the file. */
  append(size: number, write: (fd: number) => void): void {
    this.#makeRoom()
    try {
      write(this.#fd)
    } catch (error) {
      this.#undo()
      throw error
    }
    this.#size += size
  }

  /** Like `append`. Only one call may work at a time. */
  async appendLater(size: number, write: (fd: number) => Promise<void>): Promise<void> {
    this.#makeRoom()
    try {
      await write(this.#fd)
    } catch (error) {
      this.#undo()
      throw error
    }
    this.#size += size
  }

  close(): void {
    closeFile(this.#fd)
  }

  #makeRoom(): void {
    if (this.#size < this.#options.maxSize) return
    rotate(this.#path, this.#options.maxFile)
    const next = open(this.#path)
    closeFile(this.#fd)
    this.#fd = next
    this.#size = sizeOf(next)
  }

  /** Half a record would make the next record unreadable too. */
  #undo(): void {
    treeCalls.setSize(this.#fd, this.#size)
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
