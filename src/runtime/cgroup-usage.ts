import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { cgroupMode } from './cgroup.ts'

/** The counters of a container's control groups, in bytes if no other unit is given. */
export interface CgroupUsage {
  /** Processor time since the start, in nanoseconds. */
  readonly cpuTime: number
  /** Memory in use, without the part of the file cache that the kernel drops first. */
  readonly memory: number
  /** The limit of memory: that of the container, or all memory of the host. */
  readonly memoryLimit: number
  readonly blockRead: number
  readonly blockWritten: number
  /** Processes and threads. */
  readonly pids: number
}

/** Reads the counters of a container. Returns `undefined` once its control groups are removed. */
export function cgroupUsage(group: string, root = '/sys/fs/cgroup'): CgroupUsage | undefined {
  try {
    return cgroupMode() === 'unified' ? readUnified(group, root) : readLegacy(group, root)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

/** Version 2: one hierarchy. */
export function readUnified(path: string, root: string): CgroupUsage {
  const group = `${root}${path}`
  const io = readOptional(`${group}/io.stat`)
  return {
    cpuTime: numberAfter(read(`${group}/cpu.stat`), 'usage_usec') * 1000,
    memory: withoutCache(
      Number(read(`${group}/memory.current`)),
      numberAfter(read(`${group}/memory.stat`), 'inactive_file'),
    ),
    memoryLimit: limitOf(read(`${group}/memory.max`)),
    blockRead: sumOf(io, /\brbytes=(\d+)/g),
    blockWritten: sumOf(io, /\bwbytes=(\d+)/g),
    pids: Number(read(`${group}/pids.current`)),
  }
}

/** Version 1: a hierarchy for each controller. */
export function readLegacy(group: string, root: string): CgroupUsage {
  const file = (controller: string, name: string): string => `${root}/${controller}${group}/${name}`
  const io = readOptional(file('blkio', 'blkio.throttle.io_service_bytes_recursive'))
  return {
    cpuTime: Number(read(file('cpuacct', 'cpuacct.usage'))),
    memory: withoutCache(
      Number(read(file('memory', 'memory.usage_in_bytes'))),
      numberAfter(read(file('memory', 'memory.stat')), 'total_inactive_file'),
    ),
    memoryLimit: limitOf(read(file('memory', 'memory.limit_in_bytes'))),
    blockRead: sumOf(io, /^\d+:\d+ Read (\d+)$/gm),
    blockWritten: sumOf(io, /^\d+:\d+ Write (\d+)$/gm),
    pids: Number(read(file('pids', 'pids.current'))),
  }
}

function read(path: string): string {
  return readFileSync(path, 'latin1').trim()
}

/** A kernel without a controller for block devices has no such file. */
function readOptional(path: string): string {
  try {
    return read(path)
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(?:ENOENT|ENODEV)$/.test(String(error.code))
}

function withoutCache(usage: number, inactiveFile: number): number {
  return inactiveFile < usage ? usage - inactiveFile : usage
}

/** Version 2 writes `max` for no limit, version 1 a number larger than any memory. */
function limitOf(text: string): number {
  const host = totalmem()
  const limit = text === 'max' ? host : Number(text)
  return limit > 0 && limit < host ? limit : host
}

/** The number after a word at the beginning of a line; 0 without the line. */
function numberAfter(text: string, word: string): number {
  return Number(new RegExp(`^${word} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

function sumOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].reduce((sum, [, digits]) => sum + Number(digits), 0)
}
