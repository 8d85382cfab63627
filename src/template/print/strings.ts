import { canBackquote, quote } from '../text/quote.ts'
import type { ByteText } from '../text/utf8.ts'
import { type Flags, fillOf, pad, truncate } from './flags.ts'

/** Formats a string. Returns `undefined` for a verb of other types. */
export function formatString(text: ByteText, verb: string, flags: Flags): ByteText | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV ? formatQuoted(text, flags) : pad(truncate(text, flags), flags)
    case 's':
      return pad(truncate(text, flags), flags)
    case 'x':
      return hexadecimal(text, flags)
    case 'X':
      return hexadecimal(text, flags).toUpperCase()
    case 'q':
      return formatQuoted(text, flags)
    default:
      return undefined
  }
}

function formatQuoted(text: ByteText, flags: Flags): ByteText {
  const cut = truncate(text, flags)
  const quoted = flags.sharp && canBackquote(cut) ? `\`${cut}\`` : quote(cut, { ascii: flags.plus })
  return pad(quoted, flags)
}

/** Two digits a byte; the space flag separates bytes, and the sharp flag puts 0x in front. */
function hexadecimal(text: ByteText, flags: Flags): ByteText {
  const { precision, sharp, space } = flags
  const bytes = text.slice(0, precision ?? text.length)
  if (bytes === '') return fillOf(flags).repeat(flags.width ?? 0)
  const codes = [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0'))
  if (space) return pad(codes.map((code) => (sharp ? `0x${code}` : code)).join(' '), flags)
  return pad((sharp ? '0x' : '') + codes.join(''), flags)
}
