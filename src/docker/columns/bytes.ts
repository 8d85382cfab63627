/** Bytes in powers of 1024 with four significant digits: `1.234MiB`. */
export function formatBinarySize(bytes: number): string {
  return scale(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 4)
}

/** Bytes in powers of 1000 with three significant digits: `1.23MB`. */
export function formatDecimalSize(bytes: number): string {
  return scale(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 3)
}

/** A sum of bytes, as Docker prints it: powers of 1000 with four significant digits, `1.234MB`. */
export function formatSum(bytes: number): string {
  return scale(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 4)
}

function scale(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes
  let unit = 0
  while (value >= base && unit < units.length - 1) {
    value /= base
    unit += 1
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`
}
