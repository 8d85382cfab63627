import { isSystemError } from '../call/libc.ts'
import { closeFile, openFile, openFlag, readFileAt } from '../call/posix.ts'

/** Each costs a descriptor of this process. */
const mostFiles = 1024
const chunk = new Uint8Array(64)
const decoder = new TextDecoder()

/**
 * Small files of the kernel that stay open, such as those of control groups, so that each further look
 * costs one system call. The kernel fails the read of a file that was removed; then the file that has
 * its name now is opened.
 */
export class OpenFiles implements Disposable {
  readonly #open = new Map<string, number>()

  /** Returns the first 64 bytes of a file; `undefined` when it is absent. */
  read(path: string): string | undefined {
    const fd = this.#open.get(path)
    return (fd === undefined ? undefined : this.#readAt(path, fd)) ?? this.#reopen(path)
  }

  #reopen(path: string): string | undefined {
    if (this.#open.size >= mostFiles) this[Symbol.dispose]()
    const fd = attempt(() => openFile(path, openFlag.readOnly))
    if (fd === undefined) return undefined
    this.#open.set(path, fd)
    return this.#readAt(path, fd)
  }

  #readAt(path: string, fd: number): string | undefined {
    const length = attempt(() => readFileAt(fd, chunk, 0))
    if (length !== undefined) return decoder.decode(chunk.subarray(0, length))
    this.#open.delete(path)
    closeFile(fd)
    return undefined
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) closeFile(fd)
    this.#open.clear()
  }
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
