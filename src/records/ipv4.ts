import { StrakeError } from '#oci'

/** `10.0.0.1` as a number. Throws `INVALID`. */
export function parseIpv4(text: string): number {
  const parts = text
    .split('.')
    .map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  if (parts.length !== 4 || parts.some((part) => part > 255)) {
    throw new StrakeError('INVALID', `Cannot use address ${text}: it is not of the form 10.0.0.1`)
  }
  return parts.reduce((number, part) => number * 256 + part, 0)
}

export function formatIpv4(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** First and last address for hosts of a subnet in CIDR form, /8 to /30. Throws `INVALID`. */
export function parseSubnet(text: string): { readonly first: number; readonly last: number } {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? []
  const length = Number(bits)
  if (address === '' || length < 8 || length > 30) {
    throw new StrakeError(
      'INVALID',
      `Cannot use subnet ${text}: it is not of the form 10.88.0.0/16`,
    )
  }
  const size = 2 ** (32 - length)
  const base = Math.floor(parseIpv4(address) / size) * size
  return { first: base + 1, last: base + size - 2 }
}
