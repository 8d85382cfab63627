/** Instructions that only files with extensions have. */
const keywords = new Set(['ELSE', 'ENDIF', 'IF', 'INCLUDE'])

export function isExtension(keyword: string): boolean {
  return keywords.has(keyword)
}

/** True for the flag of an optional COPY. */
export function isOptional(flag: string): boolean {
  return /^--optional(?:=(?:true|false))?$/.test(flag)
}

const marker = /^#\s*strake\s*:\s*extensions$/i

/** The line that enables extensions. */
export const extensionLine = '# strake: extensions'

/** True for a comment that enables extensions. */
export function isMarker(line: string): boolean {
  return marker.test(line.trim())
}

/** True for a file with `# strake: extensions` in its comments above the first instruction. */
export function hasExtensions(text: string): boolean {
  let at = text.startsWith('\ufeff') ? 1 : 0
  while (at < text.length) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    const line = text.slice(at, Math.min(end, at + 200)).trim()
    if (isMarker(line)) return true
    if (line !== '' && !line.startsWith('#')) return false
    at = end + 1
  }
  return false
}
