import { cString, symbols } from '../call/libc.ts'

const c = symbols({ statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' } })

const mostFiles = 8192
/**
 * The kernel sets times by a clock with steps of 1 to 10 milliseconds. A file that has changed within
 * the last step may change again without another time.
 */
const longestStep = 50

interface Known<Value> {
  readonly path: Uint8Array
  status: Status
  value: Value
}

/**
 * Values that were read from files. A value is read again when the status of its file differs: inode,
 * size or times. Only for file systems of `kernelTimedType`; elsewhere an unchanged status proves
 * nothing.
 */
export class KnownFiles<Value> {
  readonly #read: (path: string) => Value
  readonly #known = new Map<string, Known<Value>>()

  constructor(read: (path: string) => Value) {
    this.#read = read
  }

  /** Returns the value of a file, or what `read` returns for a file without a status. */
  get(path: string): Value {
    const known = this.#known.get(path)
    const bytes = known?.path ?? cString(path)
    // Before the file is read: a change in between is then seen at the next call.
    const hasStatus = readStatus(bytes)
    if (!hasStatus || isRecent()) {
      this.#known.delete(path)
      return this.#read(path)
    }
    if (known !== undefined && isUnchanged(known.status)) return known.value
    const status = copyStatus()
    const value = this.#read(path)
    if (this.#known.size >= mostFiles) this.#known.clear()
    this.#known.set(path, { path: bytes, status, value })
    return value
  }
}

/** The words of `struct statx` that change with a file: inode, size, ctime, mtime and device. */
const words = [8, 9, 10, 11, 24, 25, 26, 28, 29, 30, 34, 35] as const
type Status = Uint32Array

const found = new Uint32Array(64)
const foundView = new DataView(found.buffer)
const [atCwd, noFollow, basicStats] = [-100, 0x100, 0x7ff]
const changeTime = 96

/** Reads a status into `found`. Returns false for a file that has none. */
function readStatus(path: Uint8Array): boolean {
  return c().statx(atCwd, path, noFollow, basicStats, found) === 0
}

/** Also true for a time in the future, because the clock may have been set back. */
function isRecent(): boolean {
  const seconds = Number(foundView.getBigInt64(changeTime, true))
  const milliseconds = foundView.getUint32(changeTime + 8, true) / 1_000_000
  return Date.now() - (seconds * 1000 + milliseconds) < longestStep
}

function copyStatus(): Status {
  return Uint32Array.from(words, (index) => found[index] ?? 0)
}

function isUnchanged(status: Status): boolean {
  return words.every((index, at) => found[index] === status[at])
}
