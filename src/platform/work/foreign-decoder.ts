import { StrakeError } from '#oci'
import { programEnvironment, spawnProcess } from '../process/process.ts'

interface Program {
  readonly name: string
  /** Reads standard input, writes standard output. */
  readonly argv: readonly string[]
  readonly package: string
}

/** Programs of the host by absolute path: never one of an image, nor of a search path (RELIABILITY A22). */
const programs: Readonly<Record<'xz' | 'bzip2', Program>> = {
  // A dictionary of 64 MiB needs 65 MiB: more than that is not asked for by honest archives.
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
 * Decompresses by a program of this machine what has no decoder here. Damage
 * and truncation throw `INVALID` by the end; without the program `UNSUPPORTED`.
 * Whoever stops reading ends the program.
 */
export async function* decodeWithProgram(
  compression: 'xz' | 'bzip2',
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const program = programs[compression]
  const child = start(program)
  const feeding = feed(child, bytes)
  // Its failure is told below, when the output has ended; until then it must not go unhandled.
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
