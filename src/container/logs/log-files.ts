import { closeSync, fstatSync, readSync, statSync } from 'node:fs'
import { isSystemError, openPlainFile } from '#platform'

/** Reads the files of a log in order, from the oldest to the current one. */
export interface LogFiles {
  /** Complete lines that were not read before. */
  read(): string
  close(): void
}

const blockSize = 256 * 1024

export function openLogFiles(path: string, maxFile: number): LogFiles {
  let fd = openOldest(path, maxFile)
  const decoder = new TextDecoder()
  const buffer = new Uint8Array(blockSize)
  let rest = ''
  const readBlock = (): string => {
    if (fd === undefined) fd = openFile(path)
    if (fd === undefined) return ''
    return decoder.decode(buffer.subarray(0, readSync(fd, buffer)), { stream: true })
  }
  return {
    read() {
      let text = readBlock()
      if (text === '' && fd !== undefined) {
        const next = openNext(path, fd, maxFile)
        if (next !== undefined) {
          // These lines were written after the last read and before the rotation.
          text = readBlock()
          if (text !== '') closeSync(next)
          else {
            closeSync(fd)
            fd = next
            text = readBlock()
          }
        }
      }
      const end = text.lastIndexOf('\n') + 1
      const lines = end === 0 ? '' : rest + text.slice(0, end)
      rest = end === 0 ? rest + text : text.slice(end)
      return end === 0 && text !== '' ? this.read() : lines
    },
    close() {
      if (fd !== undefined) closeSync(fd)
    },
  }
}

function openOldest(path: string, maxFile: number): number | undefined {
  for (let index = maxFile - 1; index > 0; index--) {
    const fd = openFile(`${path}.${index}`)
    if (fd !== undefined) return fd
  }
  return openFile(path)
}

/** Opens the file after the one that is open as `fd`; returns `undefined` if that is the current file. */
function openNext(path: string, fd: number, maxFile: number): number | undefined {
  const { ino } = fstatSync(fd)
  if (inodeOf(path) === ino) return undefined
  for (let index = 1; index < maxFile; index++) {
    if (inodeOf(`${path}.${index}`) === ino) {
      return openFile(index === 1 ? path : `${path}.${index - 1}`)
    }
  }
  // Rotation removed the file: continue with the oldest one.
  return openOldest(path, maxFile)
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

function openFile(path: string): number | undefined {
  try {
    return openPlainFile(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
