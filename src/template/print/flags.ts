import { type ByteText, countRunes, runeAt } from '../text/utf8.ts'

/** What stands between `%` and the verb. */
export interface Flags {
  readonly minus: boolean
  readonly plus: boolean
  readonly sharp: boolean
  readonly space: boolean
  readonly zero: boolean
  /** `%+v`: shows the names of fields. */
  readonly plusV: boolean
  /** `%#v`: shows values as Go's source code. */
  readonly sharpV: boolean
  readonly width: number | undefined
  readonly precision: number | undefined
}

export const noFlags: Flags = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
}

/** Pads to the width, which counts code points. */
export function pad(text: ByteText, flags: Flags, fill: ' ' | '0' = fillOf(flags)): ByteText {
  const missing = (flags.width ?? 0) - countRunes(text)
  if (missing <= 0) return text
  return flags.minus ? text + fill.repeat(missing) : fill.repeat(missing) + text
}

/** Zeros are for the left side only. */
export function fillOf({ zero, minus }: Flags): ' ' | '0' {
  return zero && !minus ? '0' : ' '
}

/** Cuts a text to as many code points as the precision has. */
export function truncate(text: ByteText, { precision }: Flags): ByteText {
  if (precision === undefined || precision >= text.length) return text
  let at = 0
  for (let count = 0; count < precision && at < text.length; count++) at += runeAt(text, at).size
  return text.slice(0, at)
}
