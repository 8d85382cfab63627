import type { LogLimits } from '../model/run-settings.ts'

/** The bytes of clipped output that are kept, and shown if the step fails. */
const keptSize = 256 * 1024

/** The output of one stream. */
export interface LimitedLog {
  write(data: Uint8Array): void
  /** Shows the end of the output that was clipped. */
  fail(): void
}

/**
 * Passes output on until a limit is reached. Then a line says so, as in BuildKit. The limit of the
 * speed grows with every second, so output may continue later.
 *
 * @param now milliseconds
 */
export function limitLog(
  limits: LogLimits,
  emit: (data: Uint8Array) => void,
  now: () => number = () => performance.now(),
): LimitedLog {
  const began = now()
  let size = 0
  let isClipping = false
  let kept: Uint8Array | undefined
  const limitNow = (): { readonly most: number; readonly name: string } => {
    const seconds = Math.max(1, Math.ceil((now() - began) / 1000))
    const bySpeed = limits.speed < 0 ? Number.POSITIVE_INFINITY : seconds * limits.speed
    const bySize = limits.size < 0 ? Number.POSITIVE_INFINITY : limits.size
    return bySpeed <= bySize
      ? { most: bySpeed, name: `${formatBinary(limits.speed)}/s` }
      : { most: bySize, name: formatBinary(limits.size) }
  }
  return {
    write(data) {
      const { most, name } = limitNow()
      const room = Math.min(data.length, Math.max(0, most - size))
      size += data.length
      const isCut = room < data.length
      if (isCut) kept ??= new Uint8Array()
      if (kept !== undefined) kept = lastBytes(kept, data)
      if (room > 0) emit(data.subarray(0, room))
      if (isCut && !isClipping) emit(Buffer.from(`\n[output clipped, log limit ${name} reached]\n`))
      isClipping = isCut
    },
    fail() {
      if (kept !== undefined) emit(kept)
      kept = undefined
    },
  }
}

function lastBytes(kept: Uint8Array, data: Uint8Array): Uint8Array {
  return Buffer.concat([kept, data]).subarray(-keptSize)
}

/** A size as BuildKit writes limits: `2MiB`, `200KiB`. */
function formatBinary(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${Number(value.toPrecision(6))}${units[unit]}`
}
