import { closeFile, readInput, setWindowSize, sharedWriter } from '#platform'
import { keepOpen } from './keep-open.ts'
import type { ProcessStreams } from './started.ts'

/** Returns the streams of a terminal. Takes over `fd`, its master side. */
export function terminalStreams(fd: number): ProcessStreams {
  const writer = sharedWriter(fd)
  let open = true
  const bytes = (async function* () {
    try {
      yield* readInput(fd)
    } finally {
      open = false
      // No process has the terminal open any more, so a write that waits ends now.
      void writer.end().then(() => closeFile(fd))
    }
  })()
  return {
    outputs: [{ stream: 'stdout', bytes }],
    input: {
      write: async (data) => {
        if (open) await writer.write(data)
      },
      end: async () => {},
    },
    resize(size) {
      if (open) setWindowSize(fd, size)
    },
    leave() {
      if (open) keepOpen(fd)
    },
  }
}
