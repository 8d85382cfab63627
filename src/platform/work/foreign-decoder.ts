import { StrakeError } from '#oci'
import { programEnvironment, spawnProcess } from '../process/process.ts'

interface Program {
  readonly name: string
  /** Reads standard input, writes standard output. */
  readonly argv: readonly string[]
  readonly package: string
}

/** Programs of the host by absolute path: never a program of an image, never one found by PATH. */
const programs: Readonly<Record<'xz' | 'bzip2', Program>> = {
  // A dictionary of 64 MiB, the largest of an honest archive, needs 65 MiB.
  xz: {
    name: 'xz',
    argv: ['/usr/bin/xz', '--decompress', '--stdout', '--memlimit-decompress=80MiB'],
    package: 'xz-utils',
  },
  bzip2: {
    name: 'bzip2',
    argv: ['/usr/bin/bzip2', '--decompress', '--stdout'],
    package: 'bzip2',
  },
}

/**
 * Decompresses xz or bzip2 with a program of the host. Throws `INVALID` for damaged
 * and truncated data, at the end at the latest; `UNSUPPORTED` without the program. The
 * program ends when the reader stops.
 */
export async function* decodeWithProgram(
  compression: 'xz' | 'bzip2',
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const program = programs[compression]
  const child = start(program)
  const feeding = feed(child, bytes)
  // The failure is thrown below, after the end of the output. Until then it must not be unhandled.
  feeding.catch(() => {})
  let isWhole = false
  try {
    yield* child.stdout ?? []
    await feeding
    const { code } = await child.exited
    if (code !== 0) {
      throw new StrakeError('INVALID', `Cannot decompress ${compression} data: it is damaged`)
    }
    isWhole = true
  } finally {
    if (!isWhole) child.kill('SIGKILL')
  }
}

function start(program: Program): ReturnType<typeof spawnProcess> {
  try {
    return spawnProcess(program.argv, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: programEnvironment,
      cwd: '/',
    })
  } catch (cause) {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot decompress ${program.name} data: the program ${program.argv[0]} is missing`,
      { cause, remedy: `install ${program.package}` },
    )
  }
}

async function feed(
  child: ReturnType<typeof spawnProcess>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    for await (const chunk of bytes) await child.stdin?.write(chunk)
  } finally {
    await child.stdin?.end()
  }
}
