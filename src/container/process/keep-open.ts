import { programEnvironment, spawnProcess } from '#platform'

/**
 * Starts a process that reads a pipe or terminal to its end and drops the bytes.
 * Without a reader, a process that writes to the pipe would be ended by SIGPIPE when
 * this process ends.
 */
export function keepOpen(fd: number): void {
  const keeper = spawnProcess(['cat'], {
    stdio: [fd, 'ignore', 'ignore'],
    env: programEnvironment,
    cwd: '/',
    ownSession: true,
  })
  keeper.unref()
}
