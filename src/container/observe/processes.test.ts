import { expect, test } from 'bun:test'
import { selectProcesses } from './processes.ts'

const output = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 02:00 ?        00:00:01 /sbin/init
root         712     700  0 02:10 ?        00:00:00 sleep 100
nobody       713     712  0 02:10 ?        00:00:00 sh -c  echo   a
`

test('selectProcesses() keeps the rows of these processes, with the command line whole', () => {
  const { titles, processes } = selectProcesses(output, new Set([712, 713, 99]))
  expect(titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'])
  expect(processes).toEqual([
    ['root', '712', '700', '0', '02:10', '?', '00:00:00', 'sleep 100'],
    ['nobody', '713', '712', '0', '02:10', '?', '00:00:00', 'sh -c echo a'],
  ])
})

test('selectProcesses() refuses output without process IDs', () => {
  expect(() => selectProcesses('CMD\nsleep\n', new Set([1]))).toThrow('ps printed no column PID')
})
