import { StrakeError } from '#oci'

/** The character by which the runtime replaces bytes that are not UTF-8. */
const replacement = '\ufffd'

/**
 * Throws `INVALID` for an argument that is not UTF-8. The runtime replaces its invalid bytes,
 * so that a path would name another file. `readRaw` returns the bytes of the whole command
 * line, with a zero byte after each argument.
 */
export function requireText(argv: readonly string[], readRaw: () => Uint8Array = ownBytes): void {
  if (!argv.some((argument) => argument.includes(replacement))) return
  const raw = Buffer.from(readRaw()).toString('latin1').split('\0').slice(0, -1)
  for (const [index, bytes] of raw.slice(-argv.length).entries()) {
    if (isUtf8(Buffer.from(bytes, 'latin1'))) continue
    const shown = JSON.stringify(argv[index])
    throw new StrakeError('INVALID', `Cannot use argument ${shown}: it is not text in UTF-8`, {
      remedy: 'rename the file, or name a directory above it',
    })
  }
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes)
}

function ownBytes(): Uint8Array {
  return process.getBuiltinModule('node:fs').readFileSync('/proc/self/cmdline')
}
