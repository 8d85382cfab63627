/**
 * Orders texts as Docker orders names: digits by their number, everything else by code
 * unit, so that `v2` comes before `v10`.
 */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)]
  for (const [index, piece] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const order = comparePieces(piece, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

/** Runs of digits, and the single characters between them. */
function pieces(text: string): readonly string[] {
  return text.match(/\d+|\D/g) ?? []
}

/** Numbers of any length are compared as texts. Of two equal numbers, more zeros come later. */
function comparePieces(a: string, b: string): number {
  if (!isNumber(a) || !isNumber(b)) return compare(a, b)
  const [left, right] = [withoutZeros(a), withoutZeros(b)]
  return left.length - right.length || compare(left, right) || a.length - b.length
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '')
}

function isNumber(piece: string): boolean {
  return /^\d/.test(piece)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
