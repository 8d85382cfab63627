import { cString, symbols } from '#platform'

// A program for the race test, which plays a process of the container. As fast as it can, it
// exchanges the name `x` with the name `y` in each directory that it is called with, until its input
// ends. Then it prints the number of exchanges.
const c = symbols({
  renameat2: { args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i32' },
})
const [atCwd, exchange] = [-100, 2]

const pairs = process.argv
  .slice(2)
  .map((directory) => [cString(`${directory}/x`), cString(`${directory}/y`)] as const)
let [swaps, ended] = [0, false]
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()
process.stdout.write('ready\n')

function swap(): void {
  for (let i = 0; i < 1000; i++) {
    for (const [one, other] of pairs) {
      if (c().renameat2(atCwd, one, atCwd, other, exchange) === 0) swaps++
    }
  }
  if (ended) process.stdout.write(`${swaps}\n`)
  else setImmediate(swap)
}
swap()
