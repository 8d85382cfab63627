/**
 * Returns 1 for each character of a text that is white space between words: outside quotes and not
 * after an escape character. After an open quote there is none.
 */
export function gapsOf(text: string, escapeChar: '\\' | '`'): Uint8Array {
  const gaps = new Uint8Array(text.length)
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === escapeChar && quote !== "'") at++
    else if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (char <= ' ' || char > '\x7f') gaps[at] = /\s/.test(char) ? 1 : 0
  }
  return gaps
}
