import { programEnvironment, spawnProcess } from '#platform'

/**
 * Has another process read a pipe or terminal to its end, and drop what comes.
 * Without a reader, a process that writes to it would be ended when this process
 * ends.
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
