const exponents: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 }

/**
 * Reads a size such as `64m` or `1.5 GiB`, in powers of 1024. Returns bytes, or undefined
 * for other text.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,16}(?:\.\d{1,9})?) ?(?:([bkmgtp])(?:i?b)?)?$/i.exec(text)
  if (match === null) return undefined
  const exponent = exponents[(match[2] ?? 'b').toLowerCase()] ?? 0
  return Math.trunc(Number(match[1]) * 1024 ** exponent)
}
