import { expect, test } from 'bun:test'
import { OpenFiles } from './open-files.ts'

test('OpenFiles reads the present text of a file of the kernel, and none of a file that is gone', async () => {
  using files = new OpenFiles()
  const child = Bun.spawn(['sh', '-c', 'read line; exec sleep 1000'], { stdin: 'pipe' })
  const path = `/proc/${child.pid}/comm`
  while (files.read(path) !== 'sh\n') await Bun.sleep(1)
  child.stdin.write('\n')
  child.stdin.flush()
  while (files.read(path) === 'sh\n') await Bun.sleep(1)
  expect(files.read(path)).toBe('sleep\n')
  child.kill('SIGKILL')
  await child.exited
  expect(files.read(path)).toBeUndefined()
  expect(files.read(path)).toBeUndefined()
})
