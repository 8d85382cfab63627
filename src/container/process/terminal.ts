import { closeSync } from 'node:fs'
import { readInput, setWindowSize, sharedWriter } from '#platform'
import { keepOpen } from './keep-open.ts'
import type { ProcessStreams } from './started.ts'

/** The streams behind a terminal whose master side is `fd`, which is ours from now on. */
export function terminalStreams(fd: number): ProcessStreams {
  const writer = sharedWriter(fd)
  let open = true
  const bytes = (async function* () {
    try {
      yield* readInput(fd)
    } finally {
      open = false
      // A write that still waits has its answer by now: no process has the terminal open.
      void writer.end().then(() => closeSync(fd))
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
