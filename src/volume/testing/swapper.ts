import { cString, symbols } from '#platform'

// A program for the race test, in the place of a container that shares a volume: as soon as
// `sub` is in the directory, it is moved away and a link to elsewhere takes its name. Ends with
// its input, and prints how often it did so.
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
