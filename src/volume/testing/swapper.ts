import { cString, symbols } from '#platform'

// A program for the race test, which plays a container that shares a volume. As soon as `sub`
// exists in the directory, it moves `sub` away and creates a link with its name. Ends with its
// input, and then prints the number of replacements.
const c = symbols({
  rename: { args: ['ptr', 'ptr'], returns: 'i32' },
  symlink: { args: ['ptr', 'ptr'], returns: 'i32' },
})

const [directory = '', outside = ''] = process.argv.slice(2)
process.chdir(directory)
const [name, aside, target] = [cString('sub'), cString('aside'), cString(outside)]
let [swaps, ended] = [0, false]
process.stdin.on('end', () => {
  ended = true
})
process.stdin.resume()
process.stdout.write('ready\n')

function swap(): void {
  for (let i = 0; i < 1000; i++) {
    if (c().rename(name, aside) === 0 && c().symlink(target, name) === 0) swaps++
  }
  if (ended) process.stdout.write(`${swaps}\n`)
  else setImmediate(swap)
}
swap()
