import { cString, symbols } from '#platform'

// A program for the race test. Exchanges `d` and `e` in a directory, atomically and as fast as
// possible, until its input ends. Then prints the number of exchanges.
const c = symbols({ renameat2: { args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i32' } })
const [atCwd, exchange] = [-100, 2]

process.chdir(process.argv[2] ?? '')
const [left, right] = [cString('d'), cString('e')]
let [swaps, ended] = [0, false]
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()

function swap(): void {
  for (let i = 0; i < 1000; i++) {
    if (c().renameat2(atCwd, left, atCwd, right, exchange) === 0) swaps++
  }
  if (ended) process.stdout.write(`${swaps}\n`)
  else setImmediate(swap)
}
swap()
