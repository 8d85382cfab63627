import type { ScannedFile } from '../package.ts'

/** A file of a test. */
export function memoryFile(
  path: string,
  content: string | Uint8Array,
  isExecutable = false,
): ScannedFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    path,
    size: bytes.length,
    isExecutable,
    read: async (start, length) => bytes.subarray(start, start + length),
  }
}

/** Files of a test, by path. */
export async function* memoryFiles(
  contents: Readonly<Record<string, string | Uint8Array>>,
): AsyncGenerator<ScannedFile> {
  for (const [path, content] of Object.entries(contents)) {
    yield memoryFile(path, content, !path.includes('.'))
  }
}
