import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'

const program = `import { ignoresHangup } from '${import.meta.dir}/hangup.ts'
console.log(ignoresHangup())`

test('ignoresHangup() is true under a shell that ignores SIGHUP, and false otherwise', () => {
  const ask = (trap: string) =>
    execFileSync('sh', ['-c', `${trap} exec "$0" -e "$1"`, process.execPath, program], {
      encoding: 'utf8',
    }).trim()
  expect(ask('trap "" HUP;')).toBe('true')
  expect(ask('trap - HUP;')).toBe('false')
})
