import { cString, symbols } from '#platform'

// A program for the race test, which plays a container that shares a volume. It exchanges the
// directory `x` and a link as fast as possible, until its input ends, and then prints the number of
// exchanges.
const c = symbols({
  renameat2: { args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i32' },
  symlink: { args: ['ptr', 'ptr'], returns: 'i32' },
})
const [atCwd, exchange] = [-100, 2]

const [directory = '', outside = ''] = process.argv.slice(2)
process.chdir(directory)
const [name, link] = [cString('x'), cString('link')]
c().symlink(cString(outside), link)
let [swaps, ended] = [0, false]
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()
process.stdout.write('ready\n')

function swap(): void {
  for (let i = 0; i < 1000; i++) {
    if (c().renameat2(atCwd, name, atCwd, link, exchange) === 0) swaps++
  }
  if (ended) process.stdout.write(`${swaps}\n`)
  else setImmediate(swap)
}
swap()
