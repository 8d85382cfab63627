import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'

function replaced(words: string): ReturnType<typeof spawnSync> {
  const script = `
    const { replaceProcess } = await import('${import.meta.dirname}/replace.ts')
    console.error(process.pid)
    replaceProcess(${words}, { A: 'b c', B: undefined })`
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', input: 'typed' })
}

test('replaceProcess() keeps the process ID and the standard streams, and replaces the environment', () => {
  const { stdout, stderr, status } = replaced(
    `['/bin/sh', '-c', 'echo $$; env; cat; exit 7', 'sh']`,
  )
  const [pid = '', ...lines] = String(stdout).split('\n')
  expect(Number(pid)).toBe(Number(stderr))
  expect(lines).toContain('A=b c')
  expect(lines.filter((line) => line.startsWith('B='))).toEqual([])
  expect(lines.at(-1)).toBe('typed')
  expect(status).toBe(7)
})

test('replaceProcess() throws for a program that is absent', () => {
  expect(String(replaced(`['/absent']`).stderr)).toContain(`ENOENT`)
})
